//! TLS 1.3, and 1.2 where the operator asks for it, with a certificate of the operator's, or a
//! self-signed one that is made at the first start.
//!
//! The self-signed certificate is renewed before it ends, always with the same key, so that the
//! fingerprint people compared (SHA-256 of the SubjectPublicKeyInfo) stays the same.

use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    version::{TLS12, TLS13},
};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::{
    Error, Result,
    config::{Config, Tls, TlsVersion},
    env::Env,
    seal::keyring::{at, private_file, private_folder, read_private},
};

const FOLDER: &str = "tls";
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// How long a self-signed certificate is valid, and how long before its end it is renewed.
const VALID_DAYS: i64 = 90;
const RENEW_DAYS: u64 = 30;

/// What the listener needs, and what people compare.
#[derive(Debug, Clone)]
pub struct Identity {
    pub config: Arc<ServerConfig>,
    /// SHA-256 of the certificate's SubjectPublicKeyInfo, in hex.
    pub fingerprint: String,
    /// When the certificate ends, in ms UTC.
    pub ends_at: u64,
}

/// When the operator's certificate and key were last written.
pub type Written = [Option<SystemTime>; 2];

/// Looks at the operator's files; nothing where the certificate is self-signed.
pub fn written(tls: &Tls) -> Written {
    [&tls.cert_file, &tls.key_file].map(|file| fs::metadata(file.as_ref()?).ok()?.modified().ok())
}

/// Loads the operator's certificate, or makes or renews the self-signed one in the data folder.
pub fn load(data: &Path, config: &Config, env: &Env) -> Result<Identity> {
    let (chain, key) = match (&config.tls.cert_file, &config.tls.key_file) {
        (Some(cert), Some(key)) => (read_chain(cert)?, read_key(key)?),
        _ => self_signed(&data.join(FOLDER), &names(config), env.now())?,
    };
    let leaf = chain
        .first()
        .ok_or_else(|| Error::internal("the certificate file is empty"))?;
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(Error::internal)?;
    let (fingerprint, ends_at) = (fingerprint(&parsed), ends_at(&parsed));
    let versions: &[_] = match config.tls.min_version {
        TlsVersion::V1_2 => &[&TLS13, &TLS12],
        TlsVersion::V1_3 => &[&TLS13],
    };
    let mut tls = ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_protocol_versions(versions)
    .map_err(Error::internal)?
    .with_no_client_auth()
    .with_single_cert(chain, key)
    .map_err(Error::internal)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Identity {
        config: Arc::new(tls),
        fingerprint,
        ends_at,
    })
}

fn self_signed(
    folder: &Path,
    names: &[String],
    now: u64,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    private_folder(folder)?;
    let (key_path, cert_path) = (folder.join("key.pem"), folder.join("cert.pem"));
    let key = match read_private(&key_path)? {
        Some(pem) => {
            let pem = std::str::from_utf8(&pem).map_err(Error::internal)?;
            KeyPair::from_pem(pem).map_err(Error::internal)?
        }
        None => {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(Error::internal)?;
            private_file(&key_path, key.serialize_pem().as_bytes())?;
            key
        }
    };
    if !is_current(&cert_path, &key, names, now) {
        let certificate = issue(&key, names, now)?;
        replace(&cert_path, certificate.pem().as_bytes())?;
    }
    Ok((read_chain(&cert_path)?, read_key(&key_path)?))
}

/// Does the file hold a certificate of this key and these names, with time left?
fn is_current(path: &Path, key: &KeyPair, names: &[String], now: u64) -> bool {
    let Ok(chain) = read_chain(path) else {
        return false;
    };
    let Some((_, certificate)) = chain
        .first()
        .and_then(|der| X509Certificate::from_der(der).ok())
    else {
        return false;
    };
    let same_key = certificate.public_key().raw == key.subject_public_key_info();
    let held = certificate.subject_alternative_name().ok().flatten();
    let same_names = held.is_some_and(|held| {
        names
            .iter()
            .all(|name| holds(&held.value.general_names, name))
    });
    same_key && same_names && ends_at(&certificate) > now + RENEW_DAYS * DAY_MS
}

fn holds(held: &[GeneralName<'_>], name: &str) -> bool {
    let address = match name.parse() {
        Ok(IpAddr::V4(ip)) => Some(ip.octets().to_vec()),
        Ok(IpAddr::V6(ip)) => Some(ip.octets().to_vec()),
        Err(_) => None,
    };
    held.iter().any(|one| match (one, &address) {
        (GeneralName::IPAddress(bytes), Some(address)) => *bytes == address.as_slice(),
        (GeneralName::DNSName(held), None) => *held == name,
        _ => false,
    })
}

fn issue(key: &KeyPair, names: &[String], now: u64) -> Result<rcgen::Certificate> {
    let mut params = CertificateParams::new(names.to_vec()).map_err(Error::internal)?;
    let now_s = i64::try_from(now / 1_000).map_err(Error::internal)?;
    let today = OffsetDateTime::from_unix_timestamp(now_s).map_err(Error::internal)?;
    // Clocks of devices are often a little behind.
    params.not_before = today - time::Duration::DAY;
    params.not_after = today + time::Duration::days(VALID_DAYS);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Cloister");
    params.self_signed(key).map_err(Error::internal)
}

/// Writes a file that appears whole or not at all.
fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let fresh = path.with_extension("new");
    fs::write(&fresh, content).map_err(|error| at(&fresh, &error))?;
    fs::rename(&fresh, path).map_err(|error| at(path, &error))
}

fn names(config: &Config) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let public = config
        .public_url
        .as_deref()
        .and_then(|url| url.split("://").nth(1));
    let host = public
        .and_then(|rest| rest.split(['/', ':']).next())
        .map(str::to_owned);
    let listen = config.listen.ip();
    let bound = (!listen.is_unspecified() && listen.is_ipv4()).then(|| listen.to_string());
    names.extend(config.tls.names.iter().cloned().chain(host).chain(bound));
    names.retain(|name| !name.is_empty());
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(path, &error))
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &rustls::pki_types::pem::Error) -> Error {
    Error::internal(format!("{}: {error}", PathBuf::from(path).display()))
}

fn fingerprint(certificate: &X509Certificate<'_>) -> String {
    let hash = Sha256::digest(certificate.public_key().raw);
    hash.iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn ends_at(certificate: &X509Certificate<'_>) -> u64 {
    u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or(0) * 1_000
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const START: u64 = 1_800_000_000_000;

    fn at_day(day: u64) -> Env {
        Env::injected(move || START + day * DAY_MS, |bytes| bytes.fill(7))
    }

    fn certificate(data: &Path) -> Vec<u8> {
        fs::read(data.join("tls/cert.pem")).unwrap()
    }

    #[test]
    fn the_certificate_is_renewed_before_its_end_with_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let first = load(data, &Config::default(), &at_day(0)).unwrap();
        let before = certificate(data);
        load(data, &Config::default(), &at_day(59)).unwrap();
        assert_eq!(certificate(data), before);
        let renewed = load(data, &Config::default(), &at_day(61)).unwrap();
        assert_ne!(certificate(data), before);
        assert_eq!(renewed.fingerprint, first.fingerprint);
        let mode = fs::metadata(data.join("tls/key.pem"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_new_name_makes_a_new_certificate_of_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let first = load(folder.path(), &Config::default(), &at_day(0)).unwrap();
        let before = certificate(folder.path());
        let named = Config {
            public_url: Some("https://chat.example:8765".to_owned()),
            ..Config::default()
        };
        let second = load(folder.path(), &named, &at_day(0)).unwrap();
        assert_ne!(certificate(folder.path()), before);
        assert_eq!(second.fingerprint, first.fingerprint);
    }
}
