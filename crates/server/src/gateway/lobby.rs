//! How many connections may be open that have not said who they are.
//!
//! Those that have are bounded by the number of a person's devices, each of which has one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Unidentified connections from one network, as limits count visitors.
const PER_NETWORK: u32 = 300;
/// Unidentified connections in all.
const IN_ALL: u32 = 2_000;

/// Counts connections between their handshake and their admission.
#[derive(Debug, Clone, Default)]
pub struct Lobby(Arc<Mutex<BTreeMap<String, u32>>>);

/// A place in the lobby, given back when it is dropped.
#[derive(Debug)]
pub struct Seat {
    lobby: Lobby,
    network: String,
}

impl Lobby {
    /// A place, if there is one.
    pub fn enter(&self, network: String) -> Option<Seat> {
        let mut waiting = self.waiting();
        let all: u32 = waiting.values().sum();
        let here = waiting.get(&network).copied().unwrap_or(0);
        if all >= IN_ALL || here >= PER_NETWORK {
            return None;
        }
        waiting.insert(network.clone(), here + 1);
        Some(Seat {
            lobby: self.clone(),
            network,
        })
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut waiting = self.lobby.waiting();
        if let Some(here) = waiting.get_mut(&self.network) {
            *here -= 1;
            if *here == 0 {
                waiting.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_opens_too_many_connections_finds_no_place_until_one_ends() {
        let lobby = Lobby::default();
        let enter = |network: &str| lobby.enter(network.to_owned());
        let mut seats: Vec<_> = (0..PER_NETWORK)
            .map(|_| enter("10.0.0.1").unwrap())
            .collect();
        assert!(enter("10.0.0.1").is_none());
        assert!(enter("10.0.0.2").is_some());
        seats.pop();
        assert!(enter("10.0.0.1").is_some());
    }

    #[test]
    fn an_empty_lobby_remembers_nobody() {
        let lobby = Lobby::default();
        drop(lobby.enter("10.0.0.1".to_owned()));
        assert!(lobby.waiting().is_empty());
    }
}
