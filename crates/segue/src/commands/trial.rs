//! `segue trial call URI`: one test call with audio, and what it proved.

use crate::data_dir::random_bytes;
use crate::office::{block_on, unavailable};
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand, ValueEnum};
use segue_domain::lines::{EMERGENCY_NUMBERS, uri_user};
use segue_trials::agent::{Agent, AgentSettings};
use segue_trials::test_call::{TestCall, TestCallResult};
use segue_trials::tone::Tone;
use std::net::SocketAddr;

/// `segue trial …`
#[derive(Debug, Subcommand)]
pub enum Trial {
    /// Place one test call
    Call(Call),
}

/// Options of `segue trial call`.
#[derive(Debug, Args)]
pub struct Call {
    /// Whom to call, for example sip:7001@127.0.0.2:5060
    uri: String,
    /// The tone that must be heard; without it anything audible counts
    #[arg(long, value_name = "TONE")]
    expect_tone: Option<ToneArg>,
    /// Send digits and expect them back
    #[arg(long)]
    dtmf: bool,
    /// How long to stay on the line
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=300))]
    seconds: u32,
    /// The local address to call from
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    from: SocketAddr,
}

/// What may be heard.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ToneArg {
    /// Waiting in a queue
    Hold,
    /// A person
    Person,
    /// "We are closed"
    Closed,
}

impl Trial {
    /// Answers; a call that did not prove what was asked ends with exit code 5.
    pub fn run(&self) -> Answered {
        let Self::Call(call) = self;
        if EMERGENCY_NUMBERS.contains(&uri_user(&call.uri)) {
            return Err(Failure::BadInput(
                "911, 988 and 112 are never called by a test; use your test partner's number"
                    .into(),
            ));
        }
        block_on(async {
            let seed = u64::from_le_bytes(random_bytes::<8>()?);
            let agent = Agent::bind(AgentSettings {
                seed,
                ..AgentSettings::new(call.from, "segue-trial")
            });
            let agent = agent.await.map_err(|e| unavailable(&e))?;
            let mut test = TestCall::new(call.uri.clone());
            test.expect_tone = call.expect_tone.map(Tone::from);
            test.dtmf = call.dtmf;
            test.seconds = call.seconds;
            let result = test
                .run(&agent.caller())
                .await
                .map_err(|e| Failure::BadInput(e.to_string()));
            agent.stop().await;
            let result = result?;
            let failed =
                !result.answered || result.audio_in == Some(false) || result.dtmf_ok == Some(false);
            Ok(Answer::new(&result, text(&result)).wanting_if(failed))
        })
    }
}

fn text(r: &TestCallResult) -> String {
    let proof = |known: Option<bool>| match known {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not measured",
    };
    let delay = r
        .post_dial_delay_ms
        .map_or_else(|| "unknown".into(), |ms| format!("{ms} ms"));
    format!(
        "{}; first sign of life after {delay}; audio heard: {}; heard by the far end: {}; digits returned: {}",
        r.outcome,
        proof(r.audio_in),
        proof(r.audio_out),
        proof(r.dtmf_ok)
    )
}

impl From<ToneArg> for Tone {
    fn from(tone: ToneArg) -> Self {
        match tone {
            ToneArg::Hold => Self::Hold,
            ToneArg::Person => Self::Person,
            ToneArg::Closed => Self::Closed,
        }
    }
}
