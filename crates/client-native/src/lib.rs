//! The client engine on tokio: HTTP, WebSocket, files. For the command line and for bots.
//!
//! ```no_run
//! # async fn example() -> Result<(), cloister_client::view::Refusal> {
//! use cloister_client_native::{Client, Profile};
//! use cloister_client::view::Query;
//!
//! let Some(profile) = Profile::find("ada".as_ref())? else {
//!     return Ok(());
//! };
//! let client = Client::open(profile).await?;
//! println!("{:?}", client.query(Query::Guilds).await?);
//! client.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! Reading order: `profile` (what lies on the disk), `client` (what programs call), `shell` (the
//! engine's thread), `relay` (several programs on one profile), then `http`, `socket` and `tls`.
//! Time and chance come from `env` only.

mod client;
mod env;
mod http;
mod pin;
mod profile;
mod relay;
mod server_url;
mod shell;
mod socket;
mod tls;

pub use client::Client;
pub use env::now_ms;
pub use pin::{NotAPin, Pin};
pub use profile::Profile;
pub use server_url::{NotAServer, ServerUrl};
pub use tls::{Credential, inspect};
