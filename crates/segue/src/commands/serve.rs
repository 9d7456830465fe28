//! `segue serve`: SIP, pages and clock in one process.

use crate::cli::Global;
use crate::context::Context;
use crate::office::block_on;
use crate::output::{Answer, Answered, Failure};
use crate::service::{Options, Service};
use clap::Args;
use segue_sip::allow::Network;
use serde_json::json;
use std::net::{IpAddr, SocketAddr};
use tokio::signal::unix::{SignalKind, signal};

/// Options of `segue serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where SIP arrives (UDP)
    #[arg(long, default_value = "127.0.0.1:5060", value_name = "ADDR")]
    sip: SocketAddr,
    /// Where pages and API are served
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    http: SocketAddr,
    /// This node's name
    #[arg(long, default_value = "A")]
    node: String,
    /// Who may send SIP: an address or a network such as 192.0.2.0/24; targets of the table always may
    #[arg(long = "peer", value_name = "NETWORK")]
    peers: Vec<Network>,
    /// Peers answered 302 instead of being proxied; only those that passed a recursion test
    #[arg(long = "redirect", value_name = "IP")]
    redirected: Vec<IpAddr>,
}

impl Serve {
    /// Runs until Ctrl-C or SIGTERM.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        if ctx.data.has_simulated_clock() {
            return Err(Failure::BadInput("data with a simulated clock carry no live calls; make another directory with `segue init`".into()));
        }
        block_on(async {
            let service = Service::start(self.options(&ctx)).await?;
            tracing::info!(sip = %service.sip_addr, http = %service.http_addr, "serving");
            announce(&service);
            wait_for_signal().await?;
            service.stop().await;
            Ok(Answer::new(&json!({ "stopped": true }), "Stopped."))
        })
    }

    fn options(&self, ctx: &Context) -> Options {
        Options {
            data: ctx.data.clone(),
            sip: self.sip,
            http: self.http,
            node: self.node.clone(),
            peers: self.peers.clone(),
            redirected: self.redirected.iter().copied().collect(),
        }
    }
}

/// Scripts wait for this line on standard error.
fn announce(service: &Service) {
    let line = format!(
        "segue: SIP on udp {}, pages on http://{}",
        service.sip_addr, service.http_addr
    );
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{line}\n").as_bytes());
}

/// Returns on Ctrl-C or SIGTERM.
pub async fn wait_for_signal() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(anyhow::Error::new)?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
