//! Device logs and guild logs under honest and dishonest hands.

mod cast;
mod devlog;
mod guild_log;
mod right;
