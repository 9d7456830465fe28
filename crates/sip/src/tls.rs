//! Certificates and keys of SIP over TLS, read from PEM files once at start.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, ServerConfig};

/// Why TLS cannot be set up.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read or holds nothing of use.
    #[error("cannot read {what} from `{path}`: {reason}; give a PEM file that holds it")]
    File {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The parts do not fit together.
    #[error(
        "certificate, key and authorities do not fit together: {0}; check that the key is the certificate's"
    )]
    Unfit(String),
}

/// The files.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// Our certificate, chain included.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Who may vouch for peers. Without it no peer that we call can be believed.
    pub authorities: Option<PathBuf>,
    /// Whether who calls us must show a certificate of those authorities.
    pub peers_must_show: bool,
}

/// Both sides of TLS, ready.
#[derive(Clone)]
pub struct Tls {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) client: Arc<ClientConfig>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// Reads the files. TLS 1.2 and 1.3, the library's own choice of ciphers.
    ///
    /// # Errors
    /// [`TlsError`] naming the file, or what does not fit.
    pub fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        let unfit = |error: rustls::Error| TlsError::Unfit(error.to_string());
        let chain = certificates("a certificate", &files.certificate)?;
        let key = private_key(&files.key)?;
        let roots = match &files.authorities {
            Some(path) => authorities(path)?,
            None => RootCertStore::empty(),
        };
        let roots = Arc::new(roots);
        let provider = Arc::new(ring::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(unfit)?;
        let server = if files.peers_must_show {
            let asked = WebPkiClientVerifier::builder_with_provider(
                Arc::clone(&roots),
                Arc::clone(&provider),
            )
            .build()
            .map_err(|error| TlsError::Unfit(error.to_string()))?;
            server.with_client_cert_verifier(asked)
        } else {
            server.with_no_client_auth()
        };
        let server = server
            .with_single_cert(chain.clone(), key.clone_key())
            .map_err(unfit)?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unfit)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(unfit)?;
        Ok(Self {
            server: Arc::new(server),
            client: Arc::new(client),
        })
    }
}

fn fault(what: &'static str, path: &Path, reason: &dyn std::fmt::Display) -> TlsError {
    TlsError::File {
        what,
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

/// The private key of a PEM file.
///
/// # Errors
/// [`TlsError::File`].
pub fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| fault("a private key", path, &error))
}

/// The authorities of a PEM file.
///
/// # Errors
/// [`TlsError::File`], also where none of its certificates can be one.
pub fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    const WHAT: &str = "an authority";
    let mut roots = RootCertStore::empty();
    let (good, _) = roots.add_parsable_certificates(certificates(WHAT, path)?);
    if good == 0 {
        return Err(fault(WHAT, path, &"no certificate of an authority in it"));
    }
    Ok(roots)
}

/// The certificates of a PEM file, in order; at least one.
///
/// # Errors
/// [`TlsError::File`], which says `what` was looked for.
pub fn certificates(
    what: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .map_err(|error| fault(what, path, &error))?
        .collect();
    let found = found.map_err(|error| fault(what, path, &error))?;
    if found.is_empty() {
        return Err(fault(what, path, &"no certificate in it"));
    }
    Ok(found)
}
