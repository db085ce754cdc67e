//! Keys of a server, as its operator looks after them.

use clap::Subcommand;
use cloister_server::{
    env::Env,
    operator::key,
    seal::{keyring::Keyring, rotation::Urgency},
};
use serde_json::json;

use super::{Data, fault};
use crate::{
    failure::Failure,
    print::{Print, moment},
    seat,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// List the keys that sign access tokens, and those behind the tags that prove reports
    List(Data),
    /// Sign with a new key from now on, also beside a running server
    Rotate {
        /// The old key may be in other hands: everybody is signed out at once
        #[arg(long)]
        emergency: bool,
        /// Instead, a new key for the tags of messages; earlier tags stay valid. From the server's next start
        #[arg(long, conflicts_with = "emergency")]
        tags: bool,
        #[command(flatten)]
        data: Data,
    },
}

impl Keys {
    pub(crate) fn run(self, print: &Print) -> Result<(), Failure> {
        match self {
            Keys::List(data) => {
                data.of_server()?;
                for key in key::list(data.folder()).map_err(|error| fault(&error))? {
                    print.line(
                        &json!({"name": key.name, "kid": key.kid, "since": key.since}),
                        format_args!("{}  {}  since {}", key.name, key.kid, moment(key.since)),
                    )?;
                }
                list_tags(&data, print)
            }
            Keys::Rotate {
                tags: true, data, ..
            } => {
                data.of_server()?;
                let generation = Keyring::rotate_frank(data.folder(), &Env::system())
                    .map_err(|error| fault(&error))?;
                print.note("It is used from the server's next start on.");
                print.line(
                    &json!({"name": "frank", "generation": generation}),
                    format_args!("frank {generation}"),
                )
            }
            Keys::Rotate {
                emergency, data, ..
            } => {
                let urgency = if emergency {
                    Urgency::Emergency
                } else {
                    Urgency::Usual
                };
                let config = data.of_server()?;
                let rotated = key::rotate(data.folder(), config, Env::system(), urgency);
                let ended = seat::run(async { rotated.await.map_err(|error| fault(&error)) })?;
                print.line(
                    &json!({"state": "rotated", "sessions_ended": ended}),
                    format_args!("rotated; {ended} signed out"),
                )
            }
        }
    }
}

fn list_tags(data: &Data, print: &Print) -> Result<(), Failure> {
    let keys = Keyring::open(data.folder(), &Env::system()).map_err(|error| fault(&error))?;
    let newest = keys.frank_generations();
    for generation in 1..=newest {
        let does = if generation == newest {
            "makes tags"
        } else {
            "checks tags"
        };
        print.line(
            &json!({"name": "frank", "generation": generation, "makes": generation == newest}),
            format_args!("frank {generation}  {does}"),
        )?;
    }
    Ok(())
}
