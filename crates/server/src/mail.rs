//! Mail: where it goes, what it says, and how it is handed to the operator's mail server.
//!
//! What is to be written stands in the database before anything is sent (`store/mail.rs`), with
//! the act that it is about. [`round`] writes the letters and hands them on; a letter that was
//! accepted is never sent again, and one whose fate is unknown isn't either.

pub mod address;
pub mod letter;
pub mod round;
pub mod smtp;

pub use self::{address::EmailAddress, letter::Letter, round::round};
