//! How many connections may be open that have not said who they are.
//!
//! Those that have are bounded by the number of a person's devices, each of which has one.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Unidentified connections from one address.
const PER_ADDRESS: u32 = 50;
/// Unidentified connections in all.
const IN_ALL: u32 = 2_000;

/// Counts connections between their handshake and their admission.
#[derive(Debug, Clone, Default)]
pub struct Lobby(Arc<Mutex<BTreeMap<IpAddr, u32>>>);

/// A place in the lobby, given back when it is dropped.
#[derive(Debug)]
pub struct Seat {
    lobby: Lobby,
    address: IpAddr,
}

impl Lobby {
    /// A place, if there is one.
    pub fn enter(&self, address: IpAddr) -> Option<Seat> {
        let mut waiting = self.waiting();
        let all: u32 = waiting.values().sum();
        let here = waiting.get(&address).copied().unwrap_or(0);
        if all >= IN_ALL || here >= PER_ADDRESS {
            return None;
        }
        waiting.insert(address, here + 1);
        Some(Seat {
            lobby: self.clone(),
            address,
        })
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<IpAddr, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut waiting = self.lobby.waiting();
        if let Some(here) = waiting.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                waiting.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_opens_too_many_connections_finds_no_place_until_one_ends() {
        let lobby = Lobby::default();
        let address = IpAddr::from([10, 0, 0, 1]);
        let mut seats: Vec<_> = (0..PER_ADDRESS)
            .map(|_| lobby.enter(address).unwrap())
            .collect();
        assert!(lobby.enter(address).is_none());
        assert!(lobby.enter(IpAddr::from([10, 0, 0, 2])).is_some());
        seats.pop();
        assert!(lobby.enter(address).is_some());
    }

    #[test]
    fn an_empty_lobby_remembers_nobody() {
        let lobby = Lobby::default();
        drop(lobby.enter(IpAddr::from([10, 0, 0, 1])));
        assert!(lobby.waiting().is_empty());
    }
}
