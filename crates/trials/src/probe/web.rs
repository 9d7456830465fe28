//! Names, certificates and pages: what a browser at the place would meet.

use super::Login;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Largest page that is read.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Whose certificates are believed.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

/// Why nobody's certificates can be believed.
#[derive(Debug, Error)]
pub enum TrustError {
    /// A file of authorities cannot be read.
    #[error("no certificate can be read from `{path}`: {reason}; give a PEM file that holds one")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Nobody vouches for anybody on this machine.
    #[error("this machine knows no certificate authority; name a file of them with --ca")]
    Nobody,
    /// The library refused.
    #[error("TLS cannot be set up: {0}")]
    Unfit(String),
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trust")
    }
}

impl Trust {
    /// The machine's own authorities, and those of a PEM file where the client's systems have their own.
    ///
    /// # Errors
    /// [`TrustError`] naming the file, or that there is no authority at all.
    pub fn of_machine(more: Option<&Path>) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = more {
            let fault = |reason: String| TrustError::File {
                path: path.to_owned(),
                reason,
            };
            let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
                .map_err(|e| fault(e.to_string()))?
                .collect();
            let (added, _) =
                roots.add_parsable_certificates(found.map_err(|e| fault(e.to_string()))?);
            if added == 0 {
                return Err(fault("no certificate in it".to_owned()));
            }
        }
        if roots.is_empty() {
            return Err(TrustError::Nobody);
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| TrustError::Unfit(e.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }
}

/// An answer, read whole.
pub struct PageAnswer {
    /// The status of HTTP.
    pub status: u16,
    /// What came.
    pub body: Bytes,
    /// Whether name and password went with the question.
    logged_in: bool,
}

impl PageAnswer {
    pub(super) fn status_said(&self) -> String {
        if self.status == 401 && !self.logged_in {
            "status 401 (nobody logged in: --user NAME --login-at HOST)".to_owned()
        } else {
            format!("status {}", self.status)
        }
    }
}

/// The addresses of a name.
pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let found = tokio::net::lookup_host((bare(host), port)).await;
    let found: Vec<_> = found
        .map_err(|e| format!("the name does not resolve: {e}"))?
        .collect();
    if found.is_empty() {
        return Err("the name resolves to nothing".to_owned());
    }
    Ok(found)
}

async fn connect(host: &str, port: u16) -> Result<TcpStream, String> {
    let mut last = String::new();
    for address in resolve(host, port).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = format!("{address} cannot be reached: {error}"),
        }
    }
    Err(last)
}

/// A connection whose certificate is believed, and the version of TLS it speaks.
pub(super) async fn tls(
    trust: &Trust,
    host: &str,
    port: u16,
) -> Result<(TlsStream<TcpStream>, String), String> {
    let stream = connect(host, port).await?;
    let name = ServerName::try_from(bare(host).to_owned())
        .map_err(|_| format!("{host} is no name that a certificate can have"))?;
    let connected = TlsConnector::from(Arc::clone(&trust.0))
        .connect(name, stream)
        .await;
    let stream = connected.map_err(|e| format!("no TLS: {e}"))?;
    let version = stream.get_ref().1.protocol_version();
    let version = version.map_or_else(|| "TLS".to_owned(), |v| format!("{v:?}"));
    Ok((stream, version))
}

pub(super) async fn get(
    trust: &Trust,
    url: &str,
    accept: &str,
    login: Option<&Login>,
) -> Result<PageAnswer, String> {
    let mut headers = vec![("accept", accept.to_owned())];
    let login = login.filter(|login| may_learn(url, login));
    if let Some(login) = login {
        let pair = STANDARD.encode(format!("{}:{}", login.user, login.password));
        headers.push(("authorization", format!("Basic {pair}")));
    }
    let mut answer = ask(trust, Method::GET, url, &headers, Vec::new()).await?;
    answer.logged_in = login.is_some();
    Ok(answer)
}

/// Basic authentication is readable to whoever hears it: a named host, and nobody on the way there.
fn may_learn(url: &str, login: &Login) -> bool {
    url.parse::<Uri>().is_ok_and(|uri| {
        uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| login.is_for(host))
    })
}

pub(super) async fn post(trust: &Trust, url: &str, body: Vec<u8>) -> Result<PageAnswer, String> {
    let headers = [("content-type", "application/json".to_owned())];
    ask(trust, Method::POST, url, &headers, body).await
}

/// Asks one page over HTTP or HTTPS, follows nothing and reads a bounded answer. Bound its time from outside.
///
/// # Errors
/// A sentence: no address, nobody there, a certificate that is not believed, or a connection that broke.
pub async fn ask(
    trust: &Trust,
    method: Method,
    url: &str,
    headers: &[(&str, String)],
    body: Vec<u8>,
) -> Result<PageAnswer, String> {
    let uri: Uri = url.parse().map_err(|_| format!("`{url}` is no address"))?;
    let host = uri.host().ok_or_else(|| format!("`{url}` names no host"))?;
    let secure = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", uri.authority().map_or(host, |a| a.as_str()))
        .header("user-agent", "segue");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request
        .body(Full::new(Bytes::from(body)))
        .map_err(|e| e.to_string())?;
    if secure {
        exchange(tls(trust, host, port).await?.0, request).await
    } else {
        exchange(connect(host, port).await?, request).await
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<PageAnswer, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |e: hyper::Error| format!("the connection broke: {e}");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    // Ends with the connection, whose sender goes at the end of this function.
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(broken)?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), BODY_BYTES_MAX)
        .collect()
        .await
        .map_err(|e| format!("the page broke off: {e}"))?;
    Ok(PageAnswer {
        status,
        body: body.to_bytes(),
        logged_in: false,
    })
}

/// An address without the brackets of IPv6.
pub(super) fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}
