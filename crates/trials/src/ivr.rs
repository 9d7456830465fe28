//! The example's IVR: where the public numbers arrive. It sends each caller on by 302 to Segue with the internal
//! number of the option chosen, as a carrier that recurses on redirects would be told to.
//!
//! The caller's choice travels in the INVITE as `X-Example-Option: 1` … `4`, not as a key press: an example's
//! shortcut, so that the IVR needs no prompt. Everything after it is real SIP.

use crate::agent::{Agent, AgentError, AgentSettings};
use crate::stop::Stop;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// The header that carries the caller's choice.
pub const OPTION_HEADER: &str = "X-Example-Option";

/// An IVR.
#[derive(Clone, Debug)]
pub struct IvrSettings {
    /// The user agent.
    pub agent: AgentSettings,
    /// Public numbers that arrive here (user part of the Request-URI).
    pub public_numbers: Vec<String>,
    /// Internal number of each option, such as `1` → `7001`.
    pub options: BTreeMap<String, String>,
    /// SIP addresses of Segue's nodes, which take turns.
    pub segue: Vec<SocketAddr>,
}

/// What an IVR counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IvrCounts {
    /// Sent on to Segue.
    pub sent_on: u64,
    /// Refused with 404: not one of its numbers, or no such option.
    pub refused: u64,
}

/// A running IVR.
#[derive(Debug)]
pub struct Ivr {
    local: SocketAddr,
    counts: watch::Receiver<IvrCounts>,
    stop: Stop,
    task: JoinHandle<()>,
}

impl Ivr {
    /// Binds and starts.
    pub async fn start(settings: IvrSettings) -> Result<Self, AgentError> {
        let agent = Agent::bind(settings.agent.clone()).await?;
        let local = agent.local_addr();
        let (publish, counts) = watch::channel(IvrCounts::default());
        let stop = Stop::new();
        let task = tokio::spawn(run(agent, settings, publish, stop.clone()));
        Ok(Self {
            local,
            counts,
            stop,
            task,
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// What was counted so far.
    pub fn counts(&self) -> IvrCounts {
        *self.counts.borrow()
    }

    /// Closes the socket and ends every task.
    pub async fn stop(self) -> IvrCounts {
        self.stop.stop();
        let _ = self.task.await;
        *self.counts.borrow()
    }
}

async fn run(
    mut agent: Agent,
    settings: IvrSettings,
    counts: watch::Sender<IvrCounts>,
    stop: Stop,
) {
    let mut legs = JoinSet::new();
    let mut nodes = settings.segue.iter().cycle();
    loop {
        while legs.try_join_next().is_some() {}
        let incoming = tokio::select! {
            () = stop.stopped() => break,
            incoming = agent.incoming() => incoming,
        };
        let Some(incoming) = incoming else { break };
        let ours = settings.public_numbers.contains(&incoming.dialled());
        let choice = incoming.header(OPTION_HEADER).filter(|_| ours);
        let number = choice.and_then(|choice| settings.options.get(choice.trim()));
        let segue = nodes.next().filter(|_| number.is_some());
        let leg = if let (Some(number), Some(segue)) = (number, segue) {
            counts.send_modify(|counts| counts.sent_on += 1);
            incoming.refuse(302, Some(format!("sip:{number}@{segue}")))
        } else {
            counts.send_modify(|counts| counts.refused += 1);
            incoming.refuse(404, None)
        };
        legs.spawn(async move {
            leg.ended().await;
        });
    }
    agent.stop().await;
    while legs.join_next().await.is_some() {}
}
