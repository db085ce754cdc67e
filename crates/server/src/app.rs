//! What every handler holds: the database, the keys, the limits, the configuration.

use std::{num::NonZero, ops::Deref, path::Path, sync::Arc};

use crate::{
    Result,
    access::{self, Caller},
    config::Config,
    env::Env,
    gateway::{bus::Bus, lobby::Lobby, presence::Presences},
    limit::{AtOnce, Buckets, Rate},
    measure::Measures,
    seal::{authority::Authority, keyring::Keyring, password::Hasher},
    store::{self, db::Db},
};

/// The server without its sockets. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct App(Arc<Parts>);

#[derive(Debug)]
pub struct Parts {
    pub config: Config,
    pub env: Env,
    pub bus: Bus,
    /// Connections that have not said who they are.
    pub lobby: Lobby,
    /// Who is there.
    pub presences: Presences,
    pub db: Db,
    pub keys: Arc<Keyring>,
    /// Makes the server's signed word.
    pub authority: Arc<Authority>,
    pub hasher: Hasher,
    pub limits: Buckets,
    /// Sign-ins that are looked at, by network.
    pub sign_ins: AtOnce,
    /// Passwords of newcomers from one address that are hashed at once: half of all places, so that
    /// a crowd behind one address comes in and keeps nobody from signing in.
    pub registrations: AtOnce,
    /// Looking at invitations by code, for each address.
    pub invite_lookups: Buckets,
    /// Messages, for each person.
    messages: Buckets,
    /// Items for other devices, for each device: in a minute, and in a day.
    device_items: [Buckets; 2],
    /// Reports, for each person.
    pub reports: Buckets,
    pub measures: Measures,
}

impl Parts {
    /// Spends one message of the person who asks, and what it sends to devices.
    pub fn spend_message(&self, caller: &Caller, items: usize) -> Result<()> {
        if let Caller::Bearer(claims) = caller {
            let key = claims.user.to_string();
            self.messages.spend(&key, self.env.now()).allowed()?;
        }
        self.spend_items(caller, items)
    }

    /// Spends items that the asking device sends to others.
    pub fn spend_items(&self, caller: &Caller, items: usize) -> Result<()> {
        let Caller::Bearer(claims) = caller else {
            return Ok(());
        };
        let key = claims.device.to_string();
        self.device_items.iter().try_for_each(|bucket| {
            bucket
                .spend_many(items as u64, &key, self.env.now())
                .allowed()
        })
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

const DAY_MS: u64 = 24 * 3_600_000;
const SQLITE_FILE: &str = "cloister.db";
const SQLITE_READERS: usize = 4;
const POSTGRES_CONNECTIONS: usize = 16;

impl App {
    /// Opens the data folder, which is made if it isn't there, and the database that the
    /// configuration names.
    pub async fn open(data: &Path, config: Config, env: Env) -> Result<Self> {
        crate::seal::keyring::private_folder(data)?;
        let keys = Keyring::open(data, &env)?;
        let bus = Bus::default();
        let threads = |usual| {
            config
                .database
                .threads
                .or(NonZero::new(usual))
                .unwrap_or(NonZero::<usize>::MIN)
        };
        let db = match &config.database.url {
            Some(url) => {
                let ca_pem = config.database.ca_file.as_deref().map(read).transpose()?;
                let threads = threads(POSTGRES_CONNECTIONS);
                Db::open_postgres(url, ca_pem.as_deref(), threads, env.clone(), bus.clone())?
            }
            None => {
                let path = data.join(SQLITE_FILE);
                Db::open_sqlite(&path, threads(SQLITE_READERS), env.clone(), bus.clone())?
            }
        };
        Self::assemble(config, env, bus, db, keys).await
    }

    /// A server whose database runs on the caller's thread and whose keys exist in memory only:
    /// for the simulator. `database` is a path or `:memory:`.
    pub async fn inline(database: &Path, config: Config, env: Env, keys: Keyring) -> Result<Self> {
        let bus = Bus::default();
        let db = Db::inline(database, env.clone(), bus.clone())?;
        Self::assemble(config, env, bus, db, keys).await
    }

    async fn assemble(config: Config, env: Env, bus: Bus, db: Db, keys: Keyring) -> Result<Self> {
        let hasher = Hasher::new(&config.passwords, keys.password_pepper(), env.clone())?;
        let limits = Buckets::new(Rate::per_minute(config.limits.requests));
        let invite_lookups =
            Buckets::new(Rate::per_minute(config.limits.invite_lookups_per_address));
        let sign_ins = AtOnce::new(config.limits.sign_ins_at_once);
        let places = config.passwords.at_once.get() + config.passwords.waiting;
        let registrations = AtOnce::new(
            u32::try_from(places / 2)
                .ok()
                .and_then(NonZero::new)
                .unwrap_or(NonZero::<u32>::MIN),
        );
        let required = config.second_factor.required;
        let kept_days = config.retention.messages_days.map(NonZero::get);
        let messages = Buckets::new(Rate::per(config.limits.messages, 10_000));
        let device_items = [
            Buckets::new(Rate::per_minute(config.limits.device_items_per_minute)),
            Buckets::new(Rate::per(config.limits.device_items_per_day, DAY_MS)),
        ];
        let reports = Buckets::new(Rate::per_minute(config.limits.reports_per_account));
        let incarnation = db
            .write(move |tx| {
                let permit = access::system(tx, "the server starts");
                store::instance::insert(tx, &permit)?;
                store::instance::update_second_factor(tx, &permit, required)?;
                store::retention::update_instance(tx, &permit, kept_days)?;
                store::instance::get_incarnation(tx, &permit)
            })
            .await?;
        let devices = config.limits.devices_per_channel.get();
        let authority = Arc::new(keys.authority(incarnation).admitting(devices));
        let keys = Arc::new(keys);
        Ok(Self(Arc::new(Parts {
            config,
            env,
            bus,
            lobby: Lobby::default(),
            presences: Presences::default(),
            db,
            keys,
            authority,
            hasher,
            limits,
            sign_ins,
            registrations,
            invite_lookups,
            messages,
            device_items,
            reports,
            measures: Measures::default(),
        })))
    }

    /// Every route, with what surrounds them.
    pub fn router(&self) -> axum::Router {
        crate::http::router(self)
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| crate::seal::keyring::at(path, &error))
}
