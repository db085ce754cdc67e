//! Connections that count the messages they get, together.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::line::{Line, brings_message};

/// So long messages may be on their way to everybody.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(crate) struct Hearers {
    messages: Arc<AtomicUsize>,
    tasks: JoinSet<Result<()>>,
}

impl Hearers {
    /// One more connection; `also` sees each frame that brings a message.
    pub(crate) fn add(&mut self, line: Line, mut also: impl FnMut(&[u8]) + Send + 'static) {
        let messages = self.messages.clone();
        self.tasks.spawn(line.listen(move |frame| {
            if brings_message(frame) {
                messages.fetch_add(1, Ordering::Relaxed);
                also(frame);
            }
        }));
    }

    /// Messages that all of them got so far.
    pub(crate) fn count(&self) -> usize {
        self.messages.load(Ordering::Relaxed)
    }

    /// Waits until all of them together have had `count` messages.
    pub(crate) async fn heard(&mut self, count: usize) -> Result<()> {
        let waiting = async {
            while self.count() < count {
                if let Some(ended) = self.tasks.try_join_next() {
                    ended?.context("a receiver is gone")?;
                }
                sleep(Duration::from_millis(1)).await;
            }
            Ok(())
        };
        timeout(PATIENCE, waiting)
            .await
            .with_context(|| format!("{count} messages did not reach everybody"))?
    }

    pub(crate) async fn leave(&mut self) {
        self.tasks.shutdown().await;
    }
}
