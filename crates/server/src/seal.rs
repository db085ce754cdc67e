//! Keys and secrets of the server: its keyring, passwords, tokens.

pub mod authority;
pub mod keyring;
pub mod password;
pub mod refresh;
pub mod rotation;
pub mod token;
pub mod totp;
