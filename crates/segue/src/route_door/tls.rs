//! TLS at the route door. Whoever asks may show a client certificate; what it is worth is judged at each question, so
//! that a refusal is a sentence over HTTP and not a broken handshake, and an expired one asks no more on an old connection.

use crate::output::Failure;
use axum::serve::Listener;
use segue_adapters::gate::Shut;
use segue_sip::tls::{authorities, certificates, private_key};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    SignatureScheme,
};
use tokio_rustls::server::TlsStream;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Most handshakes at a time; further connections wait in the listener's own queue.
const HANDSHAKES_MAX: usize = 256;
/// Pause after a failed accept (no file descriptors left), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The files of the door's TLS.
#[derive(Clone, Debug)]
pub struct RouteTlsFiles {
    /// Its certificate with its chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Who issues the client certificates that may ask; without it none is asked for.
    pub clients: Option<PathBuf>,
}

/// Who asks, as the connection knows it.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// From where.
    pub(super) addr: SocketAddr,
    /// The certificate shown, its chain behind it; its key was proved in the handshake.
    pub(super) shown: Option<Arc<[CertificateDer<'static>]>>,
}

impl From<SocketAddr> for Peer {
    fn from(addr: SocketAddr) -> Self {
        Self { addr, shown: None }
    }
}

/// Judges client certificates.
#[derive(Clone)]
pub(super) struct Judge(Arc<dyn ClientCertVerifier>);

impl Judge {
    /// Whether a certificate that was shown is one of the authority's, for clients, and holds now.
    pub(super) fn holds(&self, shown: &[CertificateDer<'_>], now_s: u64) -> Result<(), Shut> {
        let (own, chain) = shown.split_first().ok_or(Shut::Unknown)?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now_s));
        match self.0.verify_client_cert(own, chain, now) {
            Ok(_) => Ok(()),
            Err(Error::InvalidCertificate(fault)) => Err(shut_for(&fault)),
            Err(_) => Err(Shut::UnfitCertificate),
        }
    }
}

fn shut_for(fault: &CertificateError) -> Shut {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidYet, NotValidYetContext, UnknownIssuer,
    };
    match fault {
        Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. } => {
            Shut::ExpiredCertificate
        }
        UnknownIssuer | BadSignature => Shut::ForeignCertificate,
        _ => Shut::UnfitCertificate,
    }
}

/// In the handshake: any certificate may be shown, by who has its key.
#[derive(Debug)]
struct Shown(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for Shown {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Reads the files: the door's side of TLS, and who judges client certificates where they are asked for.
pub(super) fn load(files: &RouteTlsFiles) -> Result<(Arc<ServerConfig>, Option<Judge>), Failure> {
    let bad = |error: String| Failure::BadInput(format!("the route door's TLS: {error}"));
    let chain =
        certificates("a certificate", &files.certificate).map_err(|e| bad(e.to_string()))?;
    let key = private_key(&files.key).map_err(|e| bad(e.to_string()))?;
    let provider = Arc::new(ring::default_provider());
    let judge = match &files.clients {
        Some(path) => {
            let roots = Arc::new(authorities(path).map_err(|e| bad(e.to_string()))?);
            let judge = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider));
            Some(Judge(judge.build().map_err(|e| bad(e.to_string()))?))
        }
        None => None,
    };
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| bad(e.to_string()))?;
    let server = match &judge {
        Some(Judge(judge)) => server.with_client_cert_verifier(Arc::new(Shown(Arc::clone(judge)))),
        None => server.with_no_client_auth(),
    };
    let server = server.with_single_cert(chain, key);
    let server =
        server.map_err(|e| bad(format!("certificate and key do not fit together ({e})")))?;
    Ok((Arc::new(server), judge))
}

/// Connections whose handshake is done; none waits for another's.
pub(super) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, Peer)>,
    addr: SocketAddr,
}

impl TlsListener {
    pub(super) fn start(listener: TcpListener, config: Arc<ServerConfig>) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        let (done, ready) = mpsc::channel(HANDSHAKES_MAX);
        tokio::spawn(accept(listener, TlsAcceptor::from(config), done));
        Ok(Self { ready, addr })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // Never: what sends there ends with this listener.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer {
            addr: self.addr,
            shown: None,
        })
    }
}

type Done = mpsc::Sender<(TlsStream<TcpStream>, Peer)>;

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, done: Done) {
    let turns = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = done.closed() => return,
        };
        match accepted {
            Ok((stream, addr)) => {
                tokio::spawn(shake_hands(
                    stream,
                    addr,
                    acceptor.clone(),
                    done.clone(),
                    turn,
                ));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection to the route door could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn shake_hands(
    stream: TcpStream,
    addr: SocketAddr,
    acceptor: TlsAcceptor,
    done: Done,
    _turn: OwnedSemaphorePermit,
) {
    let _ = stream.set_nodelay(true);
    match timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => {
            let shown = stream.get_ref().1.peer_certificates();
            let shown = shown.map(|chain| {
                chain
                    .iter()
                    .cloned()
                    .map(CertificateDer::into_owned)
                    .collect()
            });
            let _ = done.send((stream, Peer { addr, shown })).await;
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, from = %addr.ip(), "a TLS handshake at the route door failed");
        }
        Err(_) => {
            tracing::debug!(from = %addr.ip(), "a TLS handshake at the route door took too long");
        }
    }
}
