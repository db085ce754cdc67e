//! Servers that lie and members who cheat, each against the promise it attacks. The numbers are
//! those of docs/THREATS.md. `cargo xtask mutate` shows each test red without its defence.

mod audience;
mod cast;
mod content;
mod handed;
mod history;
mod key;
mod queue;
mod start_over;
mod storage;
mod timing;
