//! Stories of people, played on engines and a server in one process.

mod announcement;
mod application;
mod audience;
mod backup;
mod conversation;
mod deletion;
mod emoji;
mod history;
mod look;
mod member;
mod mention;
mod newcomer;
mod notice;
mod own;
mod people;
mod pin;
mod reader;
mod remark;
mod report;
mod retention;
mod schedule;
mod search;
mod start_over;
mod term;
mod thread;
mod trust;
