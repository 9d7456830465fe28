//! The router under test: one core, every call to the same targets in turn.

use segue_sip::allow::{AllowList, Network};
use segue_sip::io_stream::StreamOptions;
use segue_sip::io_udp::{Server, ServerOptions};
use segue_sip::tls::{Tls, TlsFiles};
use segue_sip::{CallToken, Config, Invite, Mode, Outcome, Policy, Route, Shed, Target};
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct Fixed {
    mode: Mode,
    targets: Vec<Target>,
    calls: u128,
    finals: u64,
}

impl Fixed {
    pub(crate) fn new(redirect: bool, targets: &[SocketAddr]) -> Self {
        let target = |addr: &SocketAddr| {
            let uri: Arc<str> = format!("sip:7001@{addr}").into();
            Target {
                uri: Some(uri),
                ..Target::new(*addr)
            }
        };
        Self {
            mode: if redirect {
                Mode::Redirect
            } else {
                Mode::Proxy
            },
            targets: targets.iter().map(target).collect(),
            calls: 0,
            finals: 0,
        }
    }
}

impl Policy for Fixed {
    fn route(&mut self, _now_us: u64, invite: &Invite<'_>) -> Route {
        self.calls += 1;
        let known = invite.called() == Some(b"7001");
        let targets = if known {
            self.targets.clone()
        } else {
            Vec::new()
        };
        Route {
            token: CallToken(self.calls),
            mode: self.mode,
            targets,
        }
    }

    fn shed(&mut self, _now_us: u64, _invite: &Invite<'_>) -> Shed {
        Shed::Refuse
    }

    fn is_known(&self, addr: SocketAddr) -> bool {
        self.targets.iter().any(|target| target.addr == addr)
    }

    fn outcome(&mut self, _token: CallToken, _outcome: &Outcome<'_>) {
        self.finals += 1;
    }
}

pub(crate) fn run(
    redirect: bool,
    listen: SocketAddr,
    targets: &[SocketAddr],
    certificate: &[&str],
) -> Result<(), Box<dyn Error>> {
    let peers = AllowList::new([
        "127.0.0.0/8".parse::<Network>()?,
        "::1/128".parse::<Network>()?,
    ]);
    // A fixed seed: a benchmark on loopback has no secrets and should repeat.
    let mut config = Config::new(listen, [9; 32], peers);
    config.calls_max = 1 << 22;
    let policy = Fixed::new(redirect, targets);
    let certificates = match certificate {
        [certificate, key] => Some(Tls::load(&TlsFiles {
            certificate: certificate.into(),
            key: key.into(),
            authorities: None,
            peers_must_show: false,
        })?),
        _ => None,
    };
    let mut options = ServerOptions::new(listen);
    options.streams = Some(StreamOptions {
        tcp: Some(listen),
        tls: certificates
            .is_some()
            .then(|| SocketAddr::new(listen.ip(), listen.port() + 1)),
        certificates,
        ..StreamOptions::default()
    });
    let server = Server::start(options, config, policy)?;
    while server.is_running() {
        std::thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}
