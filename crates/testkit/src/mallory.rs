//! A server that leaves out one of its checks.

use crate::server::{Server, WireRequest};

#[derive(Debug)]
pub struct Mallory;

impl Mallory {
    pub fn before(&mut self, _: &Server, _: &WireRequest) {}
    pub fn after(&mut self, _: &Server, _: &WireRequest) {}
}
