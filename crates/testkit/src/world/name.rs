//! How the trace names what happens.

use cloister_client::{Method, view::Command};

pub(super) const fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    }
}

/// The name of a command, and of what it governs.
pub(super) fn kind(command: &Command) -> String {
    let said = match command {
        Command::Govern { act, .. } => format!("{act:?}"),
        other => format!("{other:?}"),
    };
    let name = said.split([' ', '{', '(']).next();
    name.unwrap_or_default().to_owned()
}

/// A command without its secrets.
pub(super) fn describe(command: &Command) -> String {
    match command {
        Command::Register { username, .. } => format!("registers as {username}"),
        Command::SignIn { username, .. } => format!("signs in as {username}"),
        Command::JoinGuild { .. } => "joins".to_owned(),
        Command::Preview { .. } => "looks".to_owned(),
        Command::ApproveDevice { .. } => "approves".to_owned(),
        other => format!("{other:?}"),
    }
}
