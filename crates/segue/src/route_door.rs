//! The door for PBXs and clouds that ask over HTTP: the same `choose` as SIP, in the asker's own words.
//!
//! Apart from the pages on purpose: other networks, other rights, nothing to sign in to. Whatever goes
//! wrong here is an error to the asker, whose own configuration then routes home.

mod askers;
mod tls;

use crate::clock;
use crate::data_dir::random_bytes;
use crate::node::Node;
use crate::node::policy::fact;
use crate::output::Failure;
use crate::route_tokens::RouteTokens;
use arc_swap::ArcSwap;
use askers::Askers;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::{Listener, ListenerExt};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use segue_adapters::gate::{Certified, Gate, Shut};
use segue_adapters::twilio::{self, AfterDial};
use segue_adapters::{Answer, Ask, BadAsk, Dialect, Reply, Request};
use segue_journal::accounts::Accounts;
use segue_journal::facts::FactsWriter;
use segue_routing::NumberEntry;
use segue_sip::CallToken;
use segue_web::Doorway;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tls::{Judge, Peer, TlsListener};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::rustls::pki_types::CertificateDer;

pub use tls::RouteTlsFiles;

/// Longest question: `mod_xml_curl` sends every variable of the channel.
const BODY_BYTES_MAX: usize = 256 * 1_024;
/// How far a signed question's time may be off.
const WINDOW_S: u64 = 300;
/// Longest a question takes, its body read and its answer made; whoever asks routes home long before.
const REQUEST: Duration = Duration::from_secs(10);
/// Most connections at a time; further ones wait in the listener's own queue.
const CONNECTIONS_MAX: usize = 1_024;
/// How long an answer may be used: for setting up this one call.
const VALID_MS: u64 = 5_000;

/// Where it listens and who may ask.
#[derive(Clone, Debug)]
pub struct RouteDoorOptions {
    /// Its address.
    pub addr: SocketAddr,
    /// File of tokens.
    pub tokens: PathBuf,
    /// The URL Twilio knows it by.
    pub url: String,
    /// Its TLS; without it the door speaks plain HTTP.
    pub tls: Option<RouteTlsFiles>,
}

struct RouteDoor {
    node: Arc<Node>,
    facts: FactsWriter,
    gate: Mutex<Gate>,
    tokens: RouteTokens,
    /// Those of the file that the gate does not hold.
    others: ArcSwap<Others>,
    judge: Option<Judge>,
    url: String,
    token_seed: u64,
    token_next: AtomicU64,
}

/// Askers without a token of the gate's.
struct Others {
    certificates: Vec<Certified>,
    twilio: Option<String>,
}

/// Why a question is not answered.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error(transparent)]
    Shut(#[from] Shut),
    #[error(transparent)]
    Bad(#[from] BadAsk),
    #[error(
        "there is no such dialect; ask at json, kamailio, freeswitch, asterisk, connect or twilio"
    )]
    NoDialect,
    #[error("nothing is known of where calls go yet; route home")]
    NoTable,
}

impl IntoResponse for Unanswered {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Shut(Shut::NotThisSite) => StatusCode::FORBIDDEN,
            Self::Shut(_) => StatusCode::UNAUTHORIZED,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::NoDialect => StatusCode::NOT_FOUND,
            Self::NoTable => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, format!("{self}\n")).into_response()
    }
}

/// Starts it.
pub async fn start(
    options: &RouteDoorOptions,
    node: Arc<Node>,
    facts: FactsWriter,
    accounts: Accounts,
    stopping: watch::Receiver<bool>,
) -> Result<(SocketAddr, JoinHandle<()>), Failure> {
    let (
        Askers {
            tokens,
            certificates,
            twilio,
        },
        seen,
    ) = askers::read(&options.tokens)?;
    let (config, judge) = options.tls.as_ref().map(tls::load).transpose()?.unzip();
    let judge = judge.flatten();
    if judge.is_none() && !certificates.is_empty() {
        return Err(Failure::BadInput(format!(
            "`{}` names client certificates, and the door asks for none; say who issues them with --route-tls-ca",
            options.tokens.display()
        )));
    }
    let listener = TcpListener::bind(options.addr).await.map_err(|e| {
        Failure::Unavailable(format!(
            "cannot listen on http {} ({e}); choose another with --route-http",
            options.addr
        ))
    })?;
    let addr = listener.local_addr().map_err(anyhow::Error::new)?;
    let door = Arc::new(RouteDoor {
        node,
        facts,
        gate: Mutex::new(Gate::new(tokens, WINDOW_S)),
        tokens: RouteTokens::new(accounts),
        others: ArcSwap::from_pointee(Others {
            certificates,
            twilio,
        }),
        judge,
        url: options.url.trim_end_matches('/').to_owned(),
        token_seed: u64::from_le_bytes(random_bytes::<8>()?),
        token_next: AtomicU64::new(0),
    });
    let reading = reread(Arc::clone(&door), options.tokens.clone(), seen);
    let router = Router::new()
        .route("/route/v1/twilio/next", post(next))
        .route("/route/v1/{dialect}", post(ask))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(door);
    let task = if let Some(config) = config {
        let listener = TlsListener::start(listener, config).map_err(anyhow::Error::new)?;
        tokio::spawn(serve(listener, router, reading, stopping))
    } else {
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        tokio::spawn(serve(listener, router, reading, stopping))
    };
    Ok((addr, task))
}

async fn reread(door: Arc<RouteDoor>, path: PathBuf, seen: [u8; 32]) {
    let changed = |askers: Askers| {
        let Askers {
            tokens,
            certificates,
            twilio,
        } = askers;
        let mut gate = door.gate.lock().unwrap_or_else(PoisonError::into_inner);
        gate.replace(tokens);
        door.others.store(Arc::new(Others {
            certificates,
            twilio,
        }));
    };
    askers::watch(&path, seen, askers::PACE, changed).await;
}

async fn serve<L>(
    listener: L,
    router: Router,
    reading: impl Future<Output = ()> + Send,
    mut stopping: watch::Receiver<bool>,
) where
    L: Listener,
    Peer: From<L::Addr>,
{
    let stopped = async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    let doorway = Doorway::new(router, CONNECTIONS_MAX).within(REQUEST);
    let who = |from: L::Addr| ConnectInfo(Peer::from(from));
    tokio::select! {
        () = doorway.serve(listener, who, stopped, || {}) => {}
        () = reading => {}
    }
}

async fn ask(
    State(door): State<Arc<RouteDoor>>,
    Path(name): Path<String>,
    uri: Uri,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Unanswered> {
    let dialect = Dialect::of(&name).ok_or(Unanswered::NoDialect)?;
    let site = door
        .enter(dialect, &uri.to_string(), &headers, &body, &peer)
        .await?;
    let answer = door.answer(dialect, &peer.addr, &body, site.as_deref(), None)?;
    let reply = if dialect == Dialect::Twilio {
        twilio::reply(&answer, None, AfterDial::Next, &door.next_url())
    } else {
        answer.write(dialect)
    };
    Ok(sent(reply, &answer.call))
}

#[derive(Deserialize)]
struct Tried {
    tried: usize,
    /// The call as it was numbered at the first question.
    #[serde(deserialize_with = "call_token")]
    call: CallToken,
}

fn call_token<'de, D: Deserializer<'de>>(from: D) -> Result<CallToken, D::Error> {
    let text = String::deserialize(from)?;
    let read = u128::from_str_radix(&text, 16)
        .ok()
        .filter(|_| text.len() == 32);
    read.map(CallToken)
        .ok_or_else(|| D::Error::custom("a call has 32 hexadecimal digits"))
}

/// A dialled target has ended: over, or the next one. Decided anew, so that a fallback pressed while it
/// rang counts; it stays the one call that was decided and recorded at first.
async fn next(
    State(door): State<Arc<RouteDoor>>,
    Query(Tried { tried, call }): Query<Tried>,
    uri: Uri,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Unanswered> {
    let site = door
        .enter(Dialect::Twilio, &uri.to_string(), &headers, &body, &peer)
        .await?;
    let after = twilio::after_dial(&body)?;
    let answer = door.answer(
        Dialect::Twilio,
        &peer.addr,
        &body,
        site.as_deref(),
        Some(call),
    )?;
    // Latched home meanwhile: the list is shorter by the outsourcer, and in-house was not tried yet.
    let out = answer.arm == segue_routing::Arm::Outsourced;
    let tried = (out || tried > 0).then_some(tried);
    let reply = twilio::reply(&answer, tried, after, &door.next_url());
    Ok(sent(reply, &answer.call))
}

fn sent(reply: Reply, call: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, reply.content_type.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let own = [
        ("x-segue-call", call.to_owned()),
        ("x-segue-valid-ms", VALID_MS.to_string()),
    ];
    (headers, own, reply.body).into_response()
}

impl RouteDoor {
    fn next_url(&self) -> String {
        format!("{}/route/v1/twilio/next", self.url)
    }

    fn new_token(&self) -> CallToken {
        let count = self.token_next.fetch_add(1, Ordering::Relaxed);
        CallToken((u128::from(self.token_seed) << 64) | u128::from(count))
    }

    /// Lets a question in; the site it may ask for, if only one. A token that is sent decides, also where a certificate is
    /// shown beside it.
    async fn enter(
        &self,
        dialect: Dialect,
        uri: &str,
        headers: &HeaderMap,
        body: &[u8],
        peer: &Peer,
    ) -> Result<Option<String>, Unanswered> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if dialect == Dialect::Twilio
            && let Some(signature) = text("x-twilio-signature")
        {
            let others = self.others.load();
            let token = others.twilio.as_deref().ok_or(Shut::Unknown)?;
            let url = format!("{}{uri}", self.url);
            let signed = twilio::is_signed(token.as_bytes(), &url, body, signature);
            return if signed {
                Ok(None)
            } else {
                Err(Shut::Unsigned.into())
            };
        }
        let token = text("authorization").and_then(token_of);
        if let (None, Some(shown)) = (&token, &peer.shown) {
            return Ok(self.by_certificate(shown)?);
        }
        let by_file = self.by_file(token.as_deref(), text("x-segue-signature"), body);
        match (by_file, token) {
            (Err(Shut::Unknown), Some(token)) => {
                let site = self.tokens.site_of(&token).await;
                site.ok_or(Shut::Unknown.into())
            }
            (by_file, _) => Ok(by_file?),
        }
    }

    fn by_certificate(&self, shown: &[CertificateDer<'_>]) -> Result<Option<String>, Shut> {
        let (judge, own) = self
            .judge
            .as_ref()
            .zip(shown.first())
            .ok_or(Shut::Unknown)?;
        judge.holds(shown, now_s())?;
        let others = self.others.load();
        let known = others.certificates.iter().find(|known| known.is(own));
        known
            .map(|known| known.site.clone())
            .ok_or(Shut::UnregisteredCertificate)
    }

    fn by_file(
        &self,
        token: Option<&str>,
        signature: Option<&str>,
        body: &[u8],
    ) -> Result<Option<String>, Shut> {
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let asker = gate.enter(token, signature, body, now_s())?;
        Ok(asker.site.clone())
    }

    fn answer(
        &self,
        dialect: Dialect,
        peer: &SocketAddr,
        body: &[u8],
        site: Option<&str>,
        known: Option<CallToken>,
    ) -> Result<Answer, Unanswered> {
        let source = peer.ip().to_canonical().to_string();
        let mut asked = Ask::read(
            dialect,
            Request {
                body,
                source: &source,
            },
        )?;
        let installed = self.node.installed();
        if installed.table.numbers.is_empty() {
            return Err(Unanswered::NoTable);
        }
        if let (Some(site), Some(number)) = (site, installed.table.numbers.get(&asked.dialled))
            && !may_ask(site, number)
        {
            return Err(Shut::NotThisSite.into());
        }
        let from = asked.source.parse::<std::net::IpAddr>();
        asked.already_routed |= from.is_ok_and(|ip| installed.outsourcer_ips.contains(&ip));
        let now = clock::now();
        let decision = self
            .node
            .choose(&installed, &asked.call(), now.as_microsecond());
        let hash = &installed.hash;
        let token = known.unwrap_or_else(|| {
            let token = self.new_token();
            self.facts.decision(fact(
                token,
                &decision,
                &self.node.name,
                hash,
                &asked.dialled,
                now,
            ));
            token
        });
        let call = format!("{:032x}", token.0);
        let unknown = installed.table.home_of_unknown();
        Ok(Answer::of(&decision, unknown, call, hash, VALID_MS))
    }
}

fn now_s() -> u64 {
    u64::try_from(clock::now().as_second()).unwrap_or(0)
}

/// Whether a site may ask for a number: it owns a chunk there, or nobody does and every call stays in-house.
fn may_ask(site: &str, number: &NumberEntry) -> bool {
    let chunks = &number.chunks;
    chunks.is_empty() || chunks.iter().any(|chunk| chunk.site.as_str() == site)
}

/// The token of `Bearer`, or the password of `Basic` for peers that can send nothing else.
fn token_of(header: &str) -> Option<String> {
    let (scheme, rest) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    let decoded = STANDARD
        .decode(rest.trim())
        .ok()
        .filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':')
        .map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use segue_domain::chunks::CutOffAction;
    use segue_routing::ChunkEntry;

    #[test]
    fn a_site_asks_for_its_own_numbers_and_for_those_that_stay_in_house() {
        let chunk = ChunkEntry {
            chunk: "MAIN/MSG".into(),
            site: "MAIN".into(),
            share_bp: 2_000,
            epoch: 0,
            door_open: true,
            open_us: None,
            cut_off_action: CutOffAction::Home,
        };
        let mut number = NumberEntry {
            line: "L1".into(),
            in_house: "sip:7001@127.0.0.2".into(),
            outsourced: "sip:7001@127.0.0.3".into(),
            last_resort: Vec::new(),
            chunks: vec![chunk],
        };
        assert!(may_ask("MAIN", &number));
        assert!(!may_ask("NORTH", &number));
        number.chunks.clear();
        assert!(may_ask("NORTH", &number));
    }
}
