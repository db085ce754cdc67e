//! The built binary against a real server: `story` is what people do, `day` what a day of it
//! leaves on the server, `contract` what scripts rely on.

mod account;
mod contract;
mod day;
mod everyday;
mod stage;
mod story;
mod tap;
