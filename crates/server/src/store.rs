//! All SQL. One file a noun; every function takes a transaction and, where there is somebody to
//! ask for leave, a permit.

pub mod db;
pub mod instance;
pub mod session;

#[cfg(test)]
mod tests;

/// Every statement of every file, so that a test can prepare them all.
#[cfg(test)]
fn statements() -> impl Iterator<Item = db::Sql> {
    let files: &[&[db::Sql]] = &[instance::STATEMENTS, session::STATEMENTS];
    files.iter().copied().flatten().copied()
}
