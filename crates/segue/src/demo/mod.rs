//! `segue demo`: the whole spine on example data, with real calls on this machine.

pub mod agreement;
pub mod centres;
pub mod nodes;
mod summary;

use crate::clock;
use crate::data_dir::{DataDir, NewData, random_bytes};
use crate::home::Press;
use crate::office::unavailable;
use crate::output::Failure;
use crate::service::Service;
use agreement::{Agreement, FIRST_CHUNK, person};
use centres::{ACCELERATION, Centres, Telephones};
use segue_domain::Side;
use segue_journal::accounts::{Accounts, NewAccount, NewToken, TokenScope};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
pub use summary::Summary;

/// The example's password and duty PIN; everything behind them is invented.
const PASSWORD: &str = "segue-example-only";
const PIN: &str = "20272027";
/// Parts of the run after which the share is raised and the calls come home.
const RAISE_AFTER: f64 = 0.35;
const HOME_AFTER: f64 = 0.75;

/// What to run.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Where its data go; a fresh directory.
    pub data: PathBuf,
    /// Where SIP arrives.
    pub sip: SocketAddr,
    /// Where pages are served.
    pub http: SocketAddr,
    /// How long; until Ctrl-C when absent.
    pub lasting: Option<Duration>,
    /// Seed of callers and centres.
    pub seed: u64,
    /// How many nodes route.
    pub nodes: u8,
}

/// A running demo.
pub struct Demo {
    service: Service,
    /// The nodes beside the first.
    others: Vec<Service>,
    centres: Centres,
    telephones: Telephones,
    agreement: Agreement,
    fallbacks_ms: Vec<u64>,
    /// Nodes that held the last press, of how many.
    nodes_home: Option<(u32, u32)>,
}

impl Demo {
    /// From nothing to live calls at the first share.
    pub async fn start(options: &DemoOptions) -> Result<Self, Failure> {
        let data = DataDir::create(&options.data, NewData::default())?;
        let (client_token, outsourcer_token) = add_people(&data).await?;
        let nodes = nodes::options(&data, (options.sip, options.http), options.nodes)?;
        let (service, others) = nodes::start(nodes).await?;
        let feed_url = format!("http://{}/api/v1/calls", service.http_addr);
        let centres =
            Centres::open(&feed_url, &client_token, &outsourcer_token, options.seed).await?;
        let agreement = Agreement::new(
            Arc::clone(&service.desk),
            service.stream.clone(),
            &centres.addresses(),
        )?;
        agreement.reach_first_share().await?;
        let all = std::iter::once(&service).chain(&others);
        all.clone().for_each(|node| node.wake.notify_one());
        let telephones = all.map(|node| node.sip_addr).collect();
        let telephones = Telephones::open(telephones, options.seed).await?;
        Ok(Self {
            service,
            others,
            centres,
            telephones,
            agreement,
            fallbacks_ms: Vec::new(),
            nodes_home: None,
        })
    }

    /// What to open and whom to be.
    pub fn invitation(&self) -> String {
        format!(
            "EXAMPLE DATA. Time runs {ACCELERATION} times faster than in a call centre; waits are shown as measured.\n\
             Page:      http://{http}\n\
             Verdicts:  http://{http}/parity, with what would have been \"had we not moved\" within half a minute\n\
             Log in as: rvs-director (Riverside Health) or cb-director (CareBridge), password {PASSWORD}\n\
             Duty page: http://{http}/duty with rvs-director and PIN {PIN}\n\
             SIP:       udp {sip}\n\
             {nodes}{FIRST_CHUNK} is live at 20 %. Ctrl-C ends the demo and leaves no process.",
            http = self.service.http_addr,
            sip = self.service.sip_addr,
            nodes = self.others_words(),
        )
    }

    fn others_words(&self) -> String {
        if self.others.is_empty() {
            return String::new();
        }
        let pages = self.others.iter();
        let pages: Vec<_> = pages
            .map(|node| format!("http://{}", node.http_addr))
            .collect();
        format!(
            "Nodes:     http://{}/nodes; the others' own pages: {}\n",
            self.service.http_addr,
            pages.join(", ")
        )
    }

    /// Walks on: a raise, then a fallback, each at its part of the time.
    pub async fn walk(&mut self, lasting: Duration) -> Result<(), Failure> {
        tokio::time::sleep(lasting.mul_f64(RAISE_AFTER)).await;
        self.agreement.take_next_step(FIRST_CHUNK).await?;
        self.service.wake.notify_one();
        tokio::time::sleep(lasting.mul_f64(HOME_AFTER - RAISE_AFTER)).await;
        self.press().await?;
        tokio::time::sleep(lasting.mul_f64(1.0 - HOME_AFTER)).await;
        Ok(())
    }

    async fn press(&mut self) -> Result<(), Failure> {
        let actor = person(Side::Client);
        let command_id = format!("demo-home-{}", hex::encode(random_bytes::<8>()?));
        let press = Press::by(
            &actor,
            "all",
            "the demo shows the way home",
            command_id,
            clock::now(),
        );
        let pressed = self.service.door.press(press).await?;
        self.fallbacks_ms.push(pressed.latency_ms);
        self.nodes_home = Some((pressed.nodes_home, pressed.nodes_total));
        Ok(())
    }

    /// Ends everything and counts up; calls under way get up to `drain` to end by themselves.
    pub async fn finish(self, drain: Duration) -> Result<Summary, Failure> {
        let callers = self.telephones.close(drain).await;
        self.centres.close().await;
        for node in std::iter::once(&self.service).chain(&self.others) {
            node.writer.flush().await;
        }
        let home = (self.fallbacks_ms.as_slice(), self.nodes_home);
        let summary = Summary::gather(&self.service, callers, home).await;
        for node in self.others {
            node.stop().await;
        }
        self.service.stop().await;
        summary
    }
}

async fn add_people(data: &DataDir) -> Result<(String, String), Failure> {
    let accounts = Accounts::open(data.place("accounts"))
        .await
        .map_err(|e| unavailable(&e))?;
    let now = clock::now();
    let mut tokens = Vec::new();
    for side in Side::BOTH {
        let actor = person(side);
        let account = NewAccount {
            name: actor.person.to_string(),
            side,
            roles: actor.roles,
            password: PASSWORD.into(),
            pin: Some(PIN.into()),
            public_key: None,
        };
        accounts
            .add(&account, now)
            .await
            .map_err(|e| unavailable(&e))?;
        let token = accounts
            .add_token(
                &NewToken::of(&account.name, "centre's feed", TokenScope::Ingest),
                now,
            )
            .await;
        tokens.push(token.map_err(|e| unavailable(&e))?);
    }
    let outsourcer = tokens.pop().unwrap_or_default();
    Ok((tokens.pop().unwrap_or_default(), outsourcer))
}
