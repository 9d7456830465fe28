//! The router under test: one core, every call to one target.

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
    target: Target,
    calls: u128,
    finals: u64,
}

impl Fixed {
    pub(crate) fn new(redirect: bool, target: SocketAddr) -> Self {
        let uri: Arc<str> = format!("sip:7001@{target}").into();
        Self {
            mode: if redirect {
                Mode::Redirect
            } else {
                Mode::Proxy
            },
            target: Target {
                uri: Some(uri),
                ..Target::new(target)
            },
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
            vec![self.target.clone()]
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
        addr == self.target.addr
    }

    fn outcome(&mut self, _token: CallToken, _outcome: &Outcome<'_>) {
        self.finals += 1;
    }
}

pub(crate) fn run(
    redirect: bool,
    listen: SocketAddr,
    target: SocketAddr,
    certificate: &[&str],
) -> Result<(), Box<dyn Error>> {
    let peers = AllowList::new(["127.0.0.0/8".parse::<Network>()?]);
    // A fixed seed: a benchmark on loopback has no secrets and should repeat.
    let mut config = Config::new(listen, [9; 32], peers);
    config.calls_max = 1 << 22;
    let policy = Fixed::new(redirect, target);
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
