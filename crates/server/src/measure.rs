//! Numbers for who looks after the instance: what devices tell of themselves, added up so that
//! nothing about anybody is left. Kept in memory only, read at `/metrics` of a listener of its own
//! that is off unless it is configured and on this machine alone.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};
use cloister_wire::{
    DeviceId,
    health::{UnreadableCause, UnreadableCount},
};
use prometheus_client::{
    encoding::text::encode,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::{App, Error, Result};

/// What a device told counts for this long: every device that is still there tells it anew when
/// it connects.
const KEPT_MS: u64 = 7 * 24 * 3_600_000;
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Default)]
pub struct Measures {
    unreadable: Mutex<BTreeMap<DeviceId, Told>>,
}

#[derive(Debug)]
struct Told {
    at: u64,
    counts: Vec<UnreadableCount>,
}

impl Measures {
    /// Takes what a device can't read now, in the place of what it told before.
    pub fn tell(&self, device: DeviceId, counts: Vec<UnreadableCount>, now: u64) -> Result<()> {
        if counts.len() > UnreadableCause::ALL.len() {
            return Err(Error::invalid("There is one number for each cause."));
        }
        let mut unreadable = self
            .unreadable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if counts.iter().all(|one| one.count == 0) {
            unreadable.remove(&device);
        } else {
            unreadable.insert(device, Told { at: now, counts });
        }
        Ok(())
    }

    /// Every number, as monitoring reads it (OpenMetrics).
    pub fn text(&self, now: u64) -> Result<String> {
        let messages = Family::<Vec<(String, String)>, Gauge>::default();
        let of = |cause: UnreadableCause| {
            let label = ("cause".to_owned(), cause.name().to_owned());
            messages.get_or_create_owned(&vec![label])
        };
        for cause in UnreadableCause::ALL {
            of(cause).set(0);
        }
        let devices: Gauge = Gauge::default();
        {
            let mut told = self
                .unreadable
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            told.retain(|_, told| told.at + KEPT_MS > now);
            devices.set(told.len() as i64);
            for count in told.values().flat_map(|told| &told.counts) {
                of(count.cause).inc_by(i64::from(count.count));
            }
        }
        let mut registry = Registry::with_prefix("cloister");
        let help = "Messages that devices can't read, as they told within a week";
        registry.register("unreadable_messages", help, messages);
        let help = "Devices that can't read some message";
        registry.register("unreadable_devices", help, devices);
        let mut text = String::new();
        encode(&mut text, &registry).map_err(Error::internal)?;
        Ok(text)
    }
}

/// Answers `GET /metrics` at `address` from now on; where it listens.
pub fn listen(app: App, address: SocketAddr) -> Result<(SocketAddr, tokio::task::JoinHandle<()>)> {
    let cant = |error| Error::internal(format!("Can't listen on {address}: {error}."));
    let listener = std::net::TcpListener::bind(address).map_err(cant)?;
    listener.set_nonblocking(true).map_err(cant)?;
    let bound = listener.local_addr().map_err(cant)?;
    let router = Router::new().route("/metrics", get(read)).with_state(app);
    let server = axum_server::from_tcp(listener).map_err(cant)?;
    let serving = tokio::spawn(async move {
        if let Err(error) = server.serve(router.into_make_service()).await {
            tracing::error!(%error, "the listener for metrics ended");
        }
    });
    Ok((bound, serving))
}

async fn read(State(app): State<App>) -> Result<impl IntoResponse> {
    let text = app.measures.text(app.env.now())?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(cause: UnreadableCause, count: u32) -> Vec<UnreadableCount> {
        vec![UnreadableCount { cause, count }]
    }

    #[test]
    fn numbers_of_devices_are_added_up_replaced_and_forgotten() {
        let measures = Measures::default();
        let (one, two) = (DeviceId::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]));
        let line = |cause: &str, count: u32| {
            format!("cloister_unreadable_messages{{cause=\"{cause}\"}} {count}\n")
        };
        assert!(measures.text(0).unwrap().contains(&line("replayed", 0)));
        measures
            .tell(one, some(UnreadableCause::KeyMissing, 3), 1)
            .unwrap();
        measures
            .tell(two, some(UnreadableCause::KeyMissing, 4), 2)
            .unwrap();
        let text = measures.text(3).unwrap();
        assert!(text.contains(&line("key_missing", 7)), "{text}");
        assert!(text.contains("cloister_unreadable_devices 2\n"), "{text}");
        assert!(!text.contains(&one.to_string()));
        // What a device tells is in the place of what it told before.
        measures
            .tell(one, some(UnreadableCause::Replayed, 1), 4)
            .unwrap();
        measures.tell(two, Vec::new(), 5).unwrap();
        let text = measures.text(6).unwrap();
        assert!(text.contains(&line("key_missing", 0)) && text.contains(&line("replayed", 1)));
        // Who is gone for a week is not counted.
        assert!(
            measures
                .text(4 + KEPT_MS)
                .unwrap()
                .contains(&line("replayed", 0))
        );
        let many = vec![some(UnreadableCause::Corrupt, 1).remove(0); 10];
        assert!(measures.tell(one, many, 7).is_err());
    }
}
