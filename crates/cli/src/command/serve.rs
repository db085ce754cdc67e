//! The server.

use std::net::SocketAddr;

use clap::Args;
use cloister_server::{
    env::Env,
    serve::{self, Ready},
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    command::operator::{Data, fault},
    failure::Failure,
    print::{Form, Print},
    seat,
};

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    data: Data,
    /// Where to listen; port 0 takes a free one [default: 0.0.0.0:8765]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// The address that people type, if it is another one
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

impl Serve {
    pub(crate) fn run(self, print: &Print) -> Result<(), Failure> {
        let mut config = self.data.config()?;
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        if self.public_url.is_some() {
            config.public_url = self.public_url;
        }
        config.check().map_err(|error| fault(&error))?;
        // Each connection is an open file, and the usual limit is made for other programs.
        if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
            tracing::warn!(%error, "the limit of open files stays as it is");
        }
        let mut unsaid = Ok(());
        seat::run(async {
            // Listened for before anybody is told that the server runs.
            let mut interrupt = signal(SignalKind::interrupt())?;
            let mut terminate = signal(SignalKind::terminate())?;
            let stop = async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            };
            serve::serve(
                self.data.folder(),
                config,
                Env::system(),
                |ready| {
                    let kept = self.data.keep_address(&ready.address);
                    unsaid = kept.and_then(|()| say(print, ready));
                },
                stop,
            )
            .await
            .map_err(|error| fault(&error))
        })?;
        unsaid
    }
}

/// Whoever started this reads the lines to know where to go.
fn say(print: &Print, ready: &Ready) -> Result<(), Failure> {
    match print.form() {
        Form::Text => print.line(&serde_json::Value::Null, ready.to_string().trim_end()),
        Form::Json => print.line(
            &serde_json::json!({
                "listening": ready.address,
                "certificate": ready.fingerprint.as_ref().map(|hex| format!("sha256:{hex}")),
                "set_up": ready.set_up,
            }),
            "",
        ),
    }
}
