//! The sockets: binds, says where it listens, and ends in order.

use std::{
    fmt, fs,
    future::Future,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use axum_server::{
    Handle,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cloister_wire::limits::HEADER_BYTES;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::signal::unix::{self, Signal, SignalKind};

use crate::{
    App, Error, Result, access,
    config::{self, Config, TlsMode},
    env::Env,
    jobs, mail, measure,
    patience::{HEADER_TIMEOUT, Impatient},
    seal::keyring::{at, private_file, private_folder, read_private},
    store, tls,
};

/// How long open requests may take once the server is asked to end.
const DRAIN: Duration = Duration::from_secs(8);
/// How often it is looked whether the operator's certificate was replaced, and after how many
/// looks whether the self-signed one is near its end.
const WATCH: Duration = Duration::from_secs(5);
const RENEWAL_CHECK: u32 = 720;
const SET_UP_FILE: &str = "set-up.token";
/// 32 bytes in base64url.
const SET_UP_CHARS: usize = 43;

/// What a new configuration file says.
const TEMPLATE: &str = "\
# Cloister. Everything here has a default; `cloister config show` prints all of it.
# Each key can be set in the environment too: CLOISTER_NAME, CLOISTER_DATABASE__URL ...

# name = \"Cloister\"
# listen = \"0.0.0.0:8765\"
# public_url = \"https://chat.example.org\"
# registration = \"invite\"        # or \"open\", \"closed\"

# [database]
# url = \"postgres://user@host/cloister\"   # without it, SQLite in this folder

# [tls]
# cert_file = \"/etc/ssl/chat.pem\"         # without it, a self-signed one is made
# key_file = \"/etc/ssl/chat.key\"          # both are read again when they are replaced

# [mail]
# server = \"smtp.example.org\"               # without it, no mail is sent
# username = \"chat@example.org\"             # `cloister mail password` seals its password
# from = \"Cloister <chat@example.org>\"

# [metrics]
# listen = \"127.0.0.1:9464\"               # without it, numbers are told nowhere
";

/// Said once the server answers: a line each.
#[derive(Debug, Clone)]
pub struct Ready {
    pub bound: SocketAddr,
    /// `https://HOST:PORT`.
    pub address: String,
    /// SHA-256 of the certificate's public key, in hex.
    pub fingerprint: Option<String>,
    /// The link that makes the first operator, while there is none.
    pub set_up: Option<String>,
    /// Where monitoring reads numbers, if anywhere.
    pub metrics: Option<SocketAddr>,
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "listening {}", self.address)?;
        if let Some(fingerprint) = &self.fingerprint {
            writeln!(f, "certificate sha256:{fingerprint}")?;
        }
        if let Some(link) = &self.set_up {
            writeln!(f, "set-up {link}")?;
        }
        if let Some(metrics) = &self.metrics {
            writeln!(f, "metrics http://{metrics}/metrics")?;
        }
        Ok(())
    }
}

/// Makes the data folder with its configuration, keys and certificate, as far as they are not
/// there yet, and gives the configuration.
pub fn prepare(data: &Path, file: Option<&Path>) -> Result<Config> {
    private_folder(data)?;
    let usual = data.join(config::FILE);
    if file.is_none() && !usual.exists() {
        private_file(&usual, TEMPLATE.as_bytes())?;
    }
    Config::load(file.unwrap_or(&usual))
}

/// Serves until `stop` is done, then drains and ends. `ready` is called once it answers.
#[expect(clippy::too_many_lines, reason = "the start, in its order")]
pub async fn serve(
    data: &Path,
    config: Config,
    env: Env,
    ready: impl FnOnce(&Ready),
    stop: impl Future<Output = ()>,
) -> Result<()> {
    let tls = match config.tls.mode {
        TlsMode::On => Some(tls::load(data, &config, &env)?),
        TlsMode::Off => None,
    };
    let app = App::open(data, config, env).await?;
    let listener = std::net::TcpListener::bind(app.config.listen).map_err(|error| {
        Error::internal(format!("Can't listen on {}: {error}.", app.config.listen))
    })?;
    listener.set_nonblocking(true).map_err(Error::internal)?;
    let bound = listener.local_addr().map_err(Error::internal)?;
    let address = app.config.address(bound);
    let set_up = set_up_token(data, &app)
        .await?
        .map(|token| format!("{address}/setup#{token}"));
    let metrics = app
        .config
        .metrics
        .listen
        .map(|address| measure::listen(app.clone(), address))
        .transpose()?;
    let said = Ready {
        bound,
        address,
        fingerprint: tls.as_ref().map(|tls| tls.fingerprint.clone()),
        set_up,
        metrics: metrics.as_ref().map(|(bound, _)| *bound),
    };

    let handle = Handle::new();
    let service = app
        .router()
        .into_make_service_with_connect_info::<SocketAddr>();
    let running = {
        let handle = handle.clone();
        let tls = tls.map(|identity| RustlsConfig::from_config(identity.config));
        // Taken where there is no certificate as well: otherwise it would end the process.
        let told = unix::signal(SignalKind::hangup()).map_err(Error::internal)?;
        if let Some(tls) = &tls {
            tokio::spawn(renew(data.to_owned(), app.clone(), tls.clone(), told));
        }
        async move {
            match tls {
                Some(tls) => {
                    // A frame leaves when it is written, not when the last one was confirmed.
                    let acceptor = RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor::new());
                    let mut server = axum_server::from_tcp(listener)?
                        .acceptor(Impatient(acceptor))
                        .handle(handle);
                    limit_connections(server.http_builder());
                    server.serve(service).await
                }
                None => {
                    let mut server = axum_server::from_tcp(listener)?
                        .acceptor(Impatient(NoDelayAcceptor::new()))
                        .handle(handle);
                    limit_connections(server.http_builder());
                    server.serve(service).await
                }
            }
        }
    };
    for warning in app.config.warnings() {
        tracing::warn!(key = warning.key, "{}", warning.sentence);
    }
    let jobs = tokio::spawn(jobs::run(app.clone(), data.to_owned()));
    let expiry = tokio::spawn(jobs::run_expiry(app.clone()));
    let telling = tokio::spawn(crate::gateway::presence::run(app.clone()));
    let mailing = tokio::spawn(mail::round::run(app.clone()));
    let listening = tokio::spawn(jobs::listen(app.clone(), data.to_owned()));
    let mut running = std::pin::pin!(running);
    ready(&said);
    tokio::select! {
        ended = &mut running => return ended.map_err(Error::internal),
        () = stop => {}
    }
    jobs.abort();
    listening.abort();
    expiry.abort();
    telling.abort();
    mailing.abort();
    if let Some((_, serving)) = metrics {
        serving.abort();
    }
    tracing::info!("draining");
    app.bus.drain();
    handle.graceful_shutdown(Some(DRAIN));
    running.await.map_err(Error::internal)
}

/// Done when the process is asked to end (SIGTERM, or Ctrl+C).
pub async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) = unix::signal(SignalKind::terminate()) else {
        let _ = interrupt.await;
        return;
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}

fn limit_connections(builder: &mut hyper_util::server::conn::auto::Builder<TokioExecutor>) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(2 * HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEADER_BYTES as u32)
        .max_concurrent_streams(128)
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .keep_alive_timeout(HEADER_TIMEOUT);
}

/// Renews the self-signed certificate in time, and takes files that were replaced, soon or when it
/// is told to (SIGHUP). Open connections stay; what can't be used leaves the certificate as it is.
async fn renew(data: PathBuf, app: App, tls: RustlsConfig, mut told: Signal) {
    let mut taken = tls::written(&app.config.tls);
    let mut looks = 0;
    loop {
        let asked = tokio::select! {
            _ = told.recv() => true,
            () = tokio::time::sleep(WATCH) => false,
        };
        looks += 1;
        let written = tls::written(&app.config.tls);
        if !asked && written == taken && looks < RENEWAL_CHECK {
            continue;
        }
        (looks, taken) = (0, written);
        match tls::load(&data, &app.config, &app.env) {
            Ok(identity) => {
                tls.reload_from_config(identity.config);
                tracing::info!(
                    fingerprint = identity.fingerprint,
                    "the certificate was read"
                );
            }
            Err(error) => {
                tracing::error!(%error, "can't use this certificate: another stays");
            }
        }
    }
}

/// The token of the set-up link while no operator exists. It is kept in a file that only the
/// owner may read, so that a restart prints the same link; the database knows its hash.
pub async fn set_up_token(data: &Path, app: &App) -> Result<Option<String>> {
    let path = data.join(SET_UP_FILE);
    let operators = app
        .db
        .read(|tx| {
            let permit = access::anyone(tx);
            store::instance::count_operators(tx, &permit)
        })
        .await?;
    if operators > 0 {
        if path.exists() {
            fs::remove_file(&path).map_err(|error| at(&path, &error))?;
        }
        return Ok(None);
    }
    let token = match read_private(&path)? {
        Some(bytes) => match String::from_utf8(bytes.to_vec()) {
            Ok(token) if token.len() == SET_UP_CHARS => token,
            _ => {
                return Err(Error::internal(format!(
                    "{} holds no set-up token: delete it, and the next start makes one",
                    path.display()
                )));
            }
        },
        None => {
            let token = URL_SAFE_NO_PAD.encode(app.env.bytes::<32>());
            private_file(&path, token.as_bytes())?;
            token
        }
    };
    let hash = app.keys.hash_secret("set-up", token.as_bytes());
    app.db
        .write(move |tx| {
            let permit = access::system(tx, "the set-up link is printed");
            store::instance::update_set_up_hash(tx, &permit, Some(hash))
        })
        .await?;
    Ok(Some(token))
}
