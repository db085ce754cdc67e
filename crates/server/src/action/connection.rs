//! A device connects: the place where a copied or rolled-back store is noticed.

use cloister_wire::gateway::{CloseCode, Identify};

use crate::{
    Result,
    access::{Enrol, Permit},
    gateway::bus::Notice,
    store::{self, connection::Trace, db::Tx},
};

/// May the connection stand?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connect {
    Accepted,
    /// A later state of this device was seen before: its store was copied or rolled back. The
    /// device is suspended.
    Cloned,
}

/// Compares what the device presents with what it presented last, and remembers it.
pub fn connect(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Enrol>,
    identify: &Identify,
) -> Result<Connect> {
    let known = store::connection::lock(tx, permit.device)?;
    let presented = Trace {
        writes: identify.writes,
        last_nonce: identify.last_nonce,
        next_nonce: Some(identify.next_nonce),
    };
    if follows(&known, &presented) {
        store::connection::update(tx, permit.device, &presented)?;
        return Ok(Connect::Accepted);
    }
    store::connection::suspend(tx, permit.device)?;
    tx.emit(Notice::DeviceRevoked {
        device: permit.device,
        code: CloseCode::DeviceCloned,
    });
    Ok(Connect::Cloned)
}

/// The same pair again (its confirmation was lost), or the next one; the counter never falls.
fn follows(known: &Trace, presented: &Trace) -> bool {
    if presented.writes < known.writes {
        return false;
    }
    match known.next_nonce {
        None => true,
        Some(next) => {
            let same =
                presented.last_nonce == known.last_nonce && presented.next_nonce == Some(next);
            same || presented.last_nonce == Some(next)
        }
    }
}

#[cfg(test)]
mod tests {
    use cloister_wire::Octets;

    use super::*;

    fn trace(last: Option<u8>, next: u8, writes: u64) -> Trace {
        Trace {
            writes,
            last_nonce: last.map(|byte| Octets([byte; 32])),
            next_nonce: Some(Octets([next; 32])),
        }
    }

    #[test]
    fn the_first_connection_is_taken_as_it_comes() {
        let never = Trace {
            writes: 0,
            last_nonce: None,
            next_nonce: None,
        };
        assert!(follows(&never, &trace(None, 1, 0)));
        assert!(follows(&never, &trace(Some(9), 1, 5)));
    }

    #[test]
    fn the_same_pair_and_the_next_one_are_accepted() {
        let known = trace(Some(1), 2, 5);
        assert!(follows(&known, &trace(Some(1), 2, 5)));
        assert!(follows(&known, &trace(Some(2), 3, 6)));
    }

    #[test]
    fn a_store_that_did_not_see_the_last_connection_is_a_copy() {
        let known = trace(Some(2), 3, 6);
        assert!(!follows(&known, &trace(Some(1), 2, 6)));
        assert!(!follows(&known, &trace(Some(1), 4, 6)));
        assert!(!follows(&known, &trace(Some(2), 4, 6)));
        assert!(!follows(&known, &trace(None, 4, 6)));
    }

    #[test]
    fn a_store_that_was_rolled_back_after_it_connected_is_noticed_by_its_counter() {
        let known = trace(Some(1), 2, 20);
        assert!(!follows(&known, &trace(Some(2), 3, 12)));
    }
}
