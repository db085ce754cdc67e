//! A server that leaves out one of its checks.

use crate::server::{Server, WireRequest};

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    StaleEpoch,
}

#[derive(Debug)]
pub struct Mallory {
    _mutation: Mutation,
}

impl Mallory {
    pub fn new(mutation: Mutation, _seed: u64) -> Self {
        Self {
            _mutation: mutation,
        }
    }
    pub fn before(&mut self, _: &Server, _: &WireRequest) {}
    pub fn after(&mut self, _: &Server, _: &WireRequest) {}
}
