//! `segue trial answer`: the far end of test calls, to be run at the outsourcer's site or behind any queue.

use super::require_no_emergency;
use crate::commands::serve::wait_for_signal;
use crate::office::block_on;
use crate::output::{Answer, Answered};
use crate::trials::through;
use clap::Args;
use segue_trials::test_line::{TestLine, Transfer};
use serde_json::json;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

/// Options of `segue trial answer`.
#[derive(Debug, Args)]
pub struct AnswerCalls {
    /// Where test calls arrive (SIP over UDP)
    #[arg(long, default_value = "127.0.0.1:5070", value_name = "ADDR")]
    sip: SocketAddr,
    /// How long to answer; without it until Ctrl-C
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u32>,
    /// Ring so long before answering
    #[arg(long, default_value_t = 0, value_name = "MS")]
    ring_ms: u64,
    /// Say that calls are recorded
    #[arg(long)]
    recorded: bool,
    /// Be a text telephone that types back the word it is asked for
    #[arg(long, conflicts_with_all = ["recorded", "transfer_to"])]
    text_telephone: bool,
    /// Whom `*4` brings in as a third on the line, such as an interpreter
    #[arg(long, value_name = "URI", value_parser = no_emergency, conflicts_with = "text_telephone")]
    third: Option<String>,
    /// Whom `*3` transfers the caller to, such as sip:7900@NODE
    #[arg(long, value_name = "URI", value_parser = no_emergency)]
    transfer_to: Option<String>,
    /// Speak with them first, the caller on hold, as a warm transfer begins
    #[arg(long, requires = "transfer_to")]
    announce: bool,
}

/// A URI that a test may call.
fn no_emergency(uri: &str) -> Result<String, String> {
    require_no_emergency(uri).map_err(|refused| refused.to_string())?;
    Ok(uri.to_owned())
}

impl AnswerCalls {
    pub(super) fn run(&self) -> Answered {
        block_on(async {
            let mut agent = through::bind(self.sip).await?;
            let line = format!("segue: test line on udp {}\n", agent.local_addr());
            let _ = std::io::stderr().write_all(line.as_bytes());
            let line = TestLine {
                recorded: self.recorded,
                text: self.text_telephone,
                third: self.third.clone(),
                ring: Duration::from_millis(self.ring_ms),
                transfer: self.transfer_to.clone().map(|to| Transfer {
                    to,
                    announced: self.announce,
                }),
            };
            let until = async {
                match self.seconds {
                    Some(s) => tokio::time::sleep(Duration::from_secs(u64::from(s))).await,
                    // Without a way to hear Ctrl-C it ends at once, and says nothing was answered.
                    None => drop(wait_for_signal().await),
                }
            };
            let shown = line.serve(&mut agent, until).await;
            agent.stop().await;
            let calls: Vec<_> = shown
                .iter()
                .map(|s| json!({ "caller": s.caller, "dialled": s.dialled }))
                .collect();
            let text = shown.iter().map(|s| {
                let caller = s.caller.as_deref().unwrap_or("withheld");
                format!("from {caller} to {}\n", s.dialled)
            });
            let text = format!(
                "{} calls answered.\n{}",
                shown.len(),
                text.collect::<String>()
            );
            Ok(Answer::new(&json!({ "calls": calls }), text))
        })
    }
}
