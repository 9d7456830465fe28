//! What an automatic call distributor tells about its calls. SIP alone knows neither wait, nor abandonment, nor a person.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What happened to a call at the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AcdEventKind {
    /// The call reached the centre (its INVITE was received).
    Arrived,
    /// No agent was free: the call waits.
    Queued,
    /// A person took the call.
    Answered,
    /// The caller left before a person answered. The call's last event.
    Abandoned,
    /// A call that a person had answered is over. The call's last event.
    Ended,
}

/// One event of one call, as the centre publishes it.
///
/// Durations are those of the centre's own clock, not scaled back: multiply by `acceleration` for the time they stand for.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct AcdEvent {
    /// Unique within all centres and runs; a receiver may see an event twice and must count it once.
    pub event_id: String,
    /// The centre that tells it.
    pub centre: String,
    /// What happened.
    pub kind: AcdEventKind,
    /// When, UTC microseconds since 1970.
    pub at_us: i64,
    /// The centre's own id of the call: the SIP Call-ID as it was received.
    pub source_call_id: String,
    /// The `X-Segue-Call` header, copied.
    pub segue_call: Option<String>,
    /// The number dialled: the user part of the Request-URI as received.
    pub dialled: String,
    /// The number first called: the user part of the To header as received.
    pub to_number: Option<String>,
    /// The caller's number as received (P-Asserted-Identity, else From); `None` when withheld.
    pub caller: Option<String>,
    /// The call type the centre files the call under.
    pub call_type: String,
    /// The agent's pseudonym (`answered`, `ended`).
    pub agent: Option<String>,
    /// From arrival to the person or to giving up, milliseconds (`answered`, `abandoned`, `ended`).
    pub wait_ms: Option<u64>,
    /// From the person's answer to the end, milliseconds (`ended`).
    pub talk_ms: Option<u64>,
    /// The language of the call, a name or a tag, where the centre knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The patient's age as `child`, `adult` or `older`, where the centre knows it; never in years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_band: Option<String>,
    /// One second of the centre's clock stands for this many seconds of call-centre time.
    pub acceleration: f64,
}

impl fmt::Debug for AcdEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the caller's number.
        f.debug_struct("AcdEvent")
            .field("event_id", &self.event_id)
            .field("kind", &self.kind)
            .field("segue_call", &self.segue_call)
            .field("call_type", &self.call_type)
            .field("agent", &self.agent)
            .field("wait_ms", &self.wait_ms)
            .field("talk_ms", &self.talk_ms)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_json_object_and_its_debug_hides_the_caller() {
        let event = AcdEvent {
            event_id: "in_house-1-7".into(),
            centre: "in_house".into(),
            kind: AcdEventKind::Answered,
            at_us: 1_790_000_000_000_000,
            source_call_id: "a@127.0.0.1".into(),
            segue_call: Some("c-1".into()),
            dialled: "7001".into(),
            to_number: Some("+18005550142".into()),
            caller: Some("+16095550123".into()),
            call_type: "message".into(),
            agent: Some("A-02".into()),
            wait_ms: Some(12),
            talk_ms: None,
            language: None,
            age_band: None,
            acceleration: 600.0,
        };
        let text = serde_json::to_string(&event).expect("plain data");
        assert!(text.contains(r#""kind":"answered""#) && !text.contains('\n'));
        assert_eq!(
            serde_json::from_str::<AcdEvent>(&text).expect("our own text"),
            event
        );
        assert!(!format!("{event:?}").contains("5550123"));
    }
}
