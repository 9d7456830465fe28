//! `segue trial call URI`: one test call with audio, and what it proved.

use crate::office::block_on;
use crate::output::{Answer, Answered, Failure};
use crate::trials::through;
use clap::{Args, ValueEnum};
use segue_domain::caller::e164;
use segue_domain::lines::{EMERGENCY_NUMBERS, uri_user};
use segue_trials::test_call::{TestCall, TestCallResult};
use segue_trials::tone::Tone;
use std::net::SocketAddr;

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
    /// Ask a test line which numbers it was shown
    #[arg(long)]
    numbers: bool,
    /// Hold the call and take it back
    #[arg(long)]
    hold: bool,
    /// How long to stay on the line
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=300))]
    seconds: u32,
    /// The number to call from; without it the call is anonymous
    #[arg(long, value_name = "NUMBER")]
    caller: Option<String>,
    /// The local address to call from
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    from: SocketAddr,
}

/// What may be heard.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ToneArg {
    /// Waiting in a queue
    Hold,
    /// A person
    Person,
    /// "We are closed"
    Closed,
    /// The recorder's warning tone
    Recorded,
}

/// A caller's number as Segue knows callers, for an option: marks, hashes and buckets are made of that form and of no other.
pub(crate) fn caller_number(text: &str) -> Result<String, String> {
    e164(text).ok_or_else(|| "no telephone number; write it as +16095550123".to_owned())
}

/// 911, 988 and 112 are never called by a test.
pub(crate) fn require_no_emergency(uri: &str) -> Result<(), Failure> {
    if EMERGENCY_NUMBERS.contains(&uri_user(uri)) {
        return Err(Failure::BadInput(
            "911, 988 and 112 are never called by a test; use your test partner's number".into(),
        ));
    }
    Ok(())
}

impl Call {
    pub(super) fn run(&self) -> Answered {
        require_no_emergency(&self.uri)?;
        block_on(async {
            let agent = through::bind(self.from).await?;
            let mut test = TestCall::new(self.uri.clone());
            test.place.caller.clone_from(&self.caller);
            test.expect_tone = self.expect_tone.map(Tone::from);
            (test.dtmf, test.numbers, test.hold) = (self.dtmf, self.numbers, self.hold);
            test.seconds = self.seconds;
            let result = test
                .run(&agent.caller())
                .await
                .map_err(|e| Failure::BadInput(e.to_string()));
            agent.stop().await;
            let result = result?;
            let failed = result.outcome != "answered"
                || [result.audio_in, result.dtmf_ok, result.hold_ok].contains(&Some(false));
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
    let mos = r
        .mos
        .map_or_else(|| "not measured".into(), |mos| format!("at least {mos:.2}"));
    format!(
        "{}; first sign of life after {delay}; audio heard: {}; heard by the far end: {}; digits returned: {}; \
         held and taken back: {}; MOS {mos}",
        r.outcome,
        proof(r.audio_in),
        proof(r.audio_out),
        proof(r.dtmf_ok),
        proof(r.hold_ok),
    )
}

impl From<ToneArg> for Tone {
    fn from(tone: ToneArg) -> Self {
        match tone {
            ToneArg::Hold => Self::Hold,
            ToneArg::Person => Self::Person,
            ToneArg::Closed => Self::Closed,
            ToneArg::Recorded => Self::Recorded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_number_is_read_as_segue_knows_it_or_refused() {
        for text in ["+16095550123", "(609) 555-0123", "609.555.0123"] {
            assert_eq!(caller_number(text).as_deref(), Ok("+16095550123"), "{text}");
        }
        for text in ["anonymous", "7001", ""] {
            assert!(caller_number(text).is_err(), "{text}");
        }
    }
}
