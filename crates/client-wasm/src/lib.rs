//! The client engine in a browser worker.
//!
//! [`store`] opens the encrypted database over the browser's private file system. Nothing here
//! decides anything: the page's worker feeds the engine and carries out what it asks for.
#![cfg(target_arch = "wasm32")]

pub mod store;
