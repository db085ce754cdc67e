//! PostgreSQL: a bounded set of threads, each with its own connection.
//!
//! Writes run under READ COMMITTED with row locks, reads in a repeatable snapshot. Deadlocks and
//! serialization failures run the closure again; a connection that broke before its commit is
//! made anew, once.

use std::{
    num::NonZero,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use postgres::{Client, Config, IsolationLevel, NoTls, config::SslMode, error::SqlState};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio::sync::mpsc;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tx::{Cache, Tx};
use super::{BoxedJob, Fault, Ground, Purpose, QUEUE, Verdict, migration, sqlite, tx};
use crate::{Error, Result, gateway::bus::Notice};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Runs of one closure before a conflict becomes an answer.
const RUNS: usize = 6;
const SETTINGS: &str = "SET TIME ZONE 'UTC'; SET statement_timeout = '30s'; \
                        SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'";

pub(super) fn open(
    url: &str,
    ca_pem: Option<&[u8]>,
    connections: NonZero<usize>,
    ground: &Ground,
) -> Result<mpsc::Sender<BoxedJob>> {
    let address = Address::parse(url, ca_pem)?;
    let migrated = {
        let address = address.clone();
        // The client drives a runtime of its own, which must not start inside another one.
        thread::spawn(move || -> Result<()> {
            let mut client = address.connect().map_err(Fault::Postgres)?;
            migration::postgres(&mut client)
        })
    };
    migrated
        .join()
        .map_err(|_| Error::internal("the migration panicked"))??;

    let (jobs, waiting) = mpsc::channel(QUEUE);
    let waiting = Arc::new(Mutex::new(waiting));
    for _ in 0..connections.get() {
        let (waiting, address, ground) = (Arc::clone(&waiting), address.clone(), ground.clone());
        let work = move || {
            let mut live = None;
            while let Some(job) = sqlite::next(&waiting) {
                serve(&address, &mut live, &ground, job);
            }
        };
        thread::Builder::new()
            .name("db".to_owned())
            .spawn(work)
            .map_err(Error::internal)?;
    }
    Ok(jobs)
}

/// Where the database is, and how to speak to it.
#[derive(Clone)]
struct Address {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Address {
    fn parse(url: &str, ca_pem: Option<&[u8]>) -> Result<Self> {
        let mut config: Config = url
            .parse()
            .map_err(|error| Error::internal(format!("DATABASE_URL: {error}")))?;
        config
            .connect_timeout(CONNECT_TIMEOUT)
            .application_name("cloister");
        let tls = ca_pem.map(connector).transpose()?;
        if tls.is_none() && config.get_ssl_mode() == SslMode::Require {
            return Err(Error::internal(
                "DATABASE_URL asks for sslmode=require: name the certificates that may sign the \
                 database's in database.ca_file",
            ));
        }
        Ok(Self { config, tls })
    }

    fn connect(&self) -> Result<Client, postgres::Error> {
        let mut client = match &self.tls {
            Some(tls) => self.config.connect(tls.clone())?,
            None => self.config.connect(NoTls)?,
        };
        client.batch_execute(SETTINGS)?;
        Ok(client)
    }
}

fn connector(ca_pem: &[u8]) -> Result<MakeRustlsConnect> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem) {
        let certificate =
            certificate.map_err(|error| Error::internal(format!("ca_file: {error}")))?;
        roots.add(certificate).map_err(Error::internal)?;
    }
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .map_err(Error::internal)?
    .with_root_certificates(roots)
    .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// A connection with the statements that it has prepared.
struct Live {
    client: Client,
    cache: Cache,
}

fn serve(address: &Address, live: &mut Option<Live>, ground: &Ground, mut job: BoxedJob) {
    for _ in 0..RUNS {
        let connection = match live {
            Some(connection) => connection,
            None => match address.connect() {
                Ok(client) => live.insert(Live {
                    client,
                    cache: Cache::default(),
                }),
                Err(error) => {
                    job.overrule(Fault::Unavailable(error.to_string()));
                    break;
                }
            },
        };
        match attempt(connection, ground, job.as_mut()) {
            End::Done(notices) => {
                ground.publish(notices);
                break;
            }
            End::Refused => break,
            End::Conflict => {}
            End::Broken => *live = None,
            End::Unknown(fault) => {
                *live = None;
                job.overrule(fault);
                break;
            }
        }
    }
    job.release();
}

/// How one run ended.
enum End {
    Done(Vec<Notice>),
    Refused,
    /// Another transaction was in the way: run again.
    Conflict,
    /// The connection broke before the commit: nothing happened.
    Broken,
    /// The connection broke at the commit.
    Unknown(Fault),
}

fn attempt(live: &mut Live, ground: &Ground, job: &mut dyn super::Job) -> End {
    let builder = match job.purpose() {
        Purpose::Read => live
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true),
        Purpose::Write => live
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::ReadCommitted),
    };
    let transaction = match builder.start() {
        Ok(transaction) => transaction,
        Err(error) => {
            job.overrule(Fault::Postgres(error));
            return End::Broken;
        }
    };
    let connection = tx::Connection::Postgres {
        transaction,
        cache: &mut live.cache,
    };
    let mut tx = Tx::new(connection, &ground.env);
    let verdict = job.run(&mut tx);
    let Tx {
        connection: tx::Connection::Postgres { transaction, .. },
        notices,
        ..
    } = tx
    else {
        return End::Refused;
    };
    if verdict == Verdict::Keep {
        return match transaction.commit() {
            Ok(()) => End::Done(notices),
            Err(error) if is_conflict(&error) => End::Conflict,
            Err(error) => End::Unknown(Fault::Postgres(error)),
        };
    }
    // Dropping the transaction rolls it back.
    drop(transaction);
    match job.fault() {
        Some(Fault::Postgres(error)) if is_conflict(error) => End::Conflict,
        Some(Fault::Postgres(error)) if is_broken(error) => End::Broken,
        _ => End::Refused,
    }
}

fn is_conflict(error: &postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        *code == SqlState::T_R_DEADLOCK_DETECTED || *code == SqlState::T_R_SERIALIZATION_FAILURE
    })
}

/// The connection is gone: the error did not come from a statement.
fn is_broken(error: &postgres::Error) -> bool {
    match error.code() {
        Some(code) => code.code().starts_with("57P") || code.code().starts_with("08"),
        None => {
            error.is_closed()
                || std::error::Error::source(error)
                    .is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
        }
    }
}

pub(super) fn passes_by_itself(error: &postgres::Error) -> bool {
    is_conflict(error)
        || is_broken(error)
        || error.code().is_some_and(|code| {
            // Out of resources, cancelled by a timeout, lock not available.
            code.code().starts_with("53") || ["57014", "55P03"].contains(&code.code())
        })
}

/// The error with what PostgreSQL says about it, which its `Display` leaves out.
pub(crate) fn describe(error: &postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(db), _) => format!("{error}: {} ({})", db.message(), db.code().code()),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}
