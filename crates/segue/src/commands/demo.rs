//! `segue demo`: two centres, an IVR, real calls, the page. Everything in it is an example.

use crate::cli::Global;
use crate::commands::serve::wait_for_signal;
use crate::demo::nodes::NODES_MAX;
use crate::demo::{Demo, DemoOptions};
use crate::office::block_on;
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Longest headless run.
const FOR_S_MAX: u64 = 24 * 3600;

/// How long calls under way may take to end by themselves: after the walk, and when a person wants to leave.
const DRAIN: Duration = Duration::from_mins(1);
const DRAIN_AFTER_SIGNAL: Duration = Duration::from_secs(2);

/// Options of `segue demo`.
#[derive(Debug, Args)]
pub struct DemoCommand {
    /// No invitation; runs for --for and prints the summary
    #[arg(long)]
    headless: bool,
    /// How long, for example 60s or 5m; raises the share and brings the calls home on the way
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    lasting: Option<Duration>,
    /// Seed of callers and centres
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many nodes route the calls, each with its own latch, table and lease; see the page /nodes
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=i64::from(NODES_MAX)))]
    nodes: u8,
    /// Where SIP arrives (UDP)
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    sip: SocketAddr,
    /// Where pages are served
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
}

impl DemoCommand {
    /// Runs until --for is over, or until Ctrl-C.
    pub fn run(&self, global: &Global) -> Answered {
        let scratch = Scratch::new(global)?;
        let lasting = self
            .lasting
            .or_else(|| self.headless.then_some(Duration::from_mins(1)));
        // A fixed port invites a person; a headless run must not fail because somebody looks at another one.
        let port = if self.headless { 0 } else { 8080 };
        let options = DemoOptions {
            data: scratch.path.clone(),
            sip: self.sip,
            http: self
                .http
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], port))),
            lasting,
            seed: self.seed,
            nodes: self.nodes,
        };
        block_on(async {
            let mut demo = Demo::start(&options).await?;
            if !self.headless {
                let _ = writeln!(std::io::stderr(), "{}", demo.invitation());
            }
            let walk = async |demo: &mut Demo| match options.lasting {
                Some(lasting) => demo.walk(lasting).await,
                None => std::future::pending().await,
            };
            let drain = tokio::select! {
                walked = walk(&mut demo) => walked.map(|()| DRAIN),
                stopped = wait_for_signal() => stopped.map(|()| DRAIN_AFTER_SIGNAL),
            }?;
            let summary = demo.finish(drain).await?;
            let text = summary.text();
            Ok(Answer::new(&summary, text).wanting_if(!summary.journal_ok || summary.failed > 0))
        })
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit_s) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let seconds = number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(unit_s));
    match seconds {
        Some(s) if (5..=FOR_S_MAX).contains(&s) => Ok(Duration::from_secs(s)),
        _ => Err(format!(
            "`{text}` is no time between 5s and 24 hours; write 60s or 5m"
        )),
    }
}

/// The demo's data: a fresh directory, taken away afterwards unless --data named one.
struct Scratch {
    path: PathBuf,
    ours: bool,
}

impl Scratch {
    fn new(global: &Global) -> Result<Self, Failure> {
        if global.data.as_os_str() != crate::cli::DATA_DEFAULT {
            return Ok(Self {
                path: global.data.clone(),
                ours: false,
            });
        }
        let name = format!(
            "segue-demo-{}",
            hex::encode(crate::data_dir::random_bytes::<6>()?)
        );
        Ok(Self {
            path: std::env::temp_dir().join(name),
            ours: true,
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.ours {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
