//! Stories of people, played on engines and a server in one process.

mod backup;
mod conversation;
mod history;
mod mention;
mod notice;
mod own;
mod pin;
mod reader;
mod remark;
mod report;
mod search;
mod trust;
