//! What a peer hears: the same decision in its own words.
//!
//! Every form carries where the call goes in order, and until when the answer holds. Every form lets a
//! peer that loses Segue go on: the targets behind the first are in it.

use crate::ask::Dialect;
use crate::text::{bare, xml};
use segue_domain::lines::EMERGENCY_NUMBERS;
use segue_routing::choose::TargetKind;
use segue_routing::{Arm, Decision};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// How long a target may ring before the next one, in seconds (handbook of the call path, 5).
const RING_S: u32 = 22;

/// One place the call goes, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnswerTarget {
    /// Its SIP URI.
    pub uri: String,
    /// What it is to the call.
    pub kind: TargetKind,
    /// How long it may ring, in seconds.
    pub ring_s: u32,
}

/// A decision to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The call's number, for `X-Segue-Call`.
    pub call: String,
    /// The side.
    pub arm: Arm,
    /// The rule that settled it.
    pub reason: segue_routing::Reason,
    /// The chunk, if any.
    pub chunk: Option<String>,
    /// The caller's bucket, 0–9999, when one was drawn.
    pub bucket: Option<u16>,
    /// π in basis points.
    pub pi_bp: u16,
    /// Where it goes, in order.
    pub targets: Vec<AnswerTarget>,
    /// The table it was read from.
    pub table_hash: String,
    /// How long the answer may be used, in milliseconds: for this call only, and no longer than this.
    pub valid_ms: u64,
}

impl Answer {
    /// A decision as an answer. `unknown` is where calls for a number that nobody knows go.
    pub fn of<'t>(
        decision: &Decision<'t>,
        unknown: impl Iterator<Item = &'t str>,
        call: String,
        table_hash: &str,
        valid_ms: u64,
    ) -> Self {
        let known = decision.targets();
        let mut targets: Vec<_> = known.map(|(uri, kind)| target(uri, kind)).collect();
        if decision.number.is_none() {
            targets.extend(unknown.map(|uri| target(uri, TargetKind::InHouse)));
        }
        // 911, 988 and 112 are the patient's to call, never a target (`domain.md` §7.11).
        targets.retain(|target| !is_emergency(&target.uri));
        Self {
            call,
            arm: decision.arm,
            reason: decision.reason,
            chunk: decision.chunk.map(ToString::to_string),
            bucket: decision.bucket,
            pi_bp: decision.pi_bp,
            targets,
            table_hash: table_hash.to_owned(),
            valid_ms,
        }
    }

    /// In the words of a dialect.
    pub fn write(&self, dialect: Dialect) -> Reply {
        match dialect {
            Dialect::Json => Reply::json(&json!(self)),
            Dialect::Kamailio | Dialect::Connect => Reply::json(&self.flat()),
            Dialect::FreeSwitch => Reply::xml(&self.freeswitch()),
            Dialect::Asterisk => Reply {
                content_type: "text/plain; charset=utf-8",
                body: self.asterisk(),
            },
            Dialect::Twilio => Reply::xml(&crate::twilio::dial(self, 0, None)),
        }
    }

    /// Strings under flat keys: a Connect flow reads nothing else (`$.External.target_1`), and
    /// Kamailio needs no JSON path.
    fn flat(&self) -> Value {
        let mut map = Map::new();
        let mut put = |key: String, value: String| map.insert(key, Value::String(value));
        put("call".into(), self.call.clone());
        put("arm".into(), word(&self.arm));
        put("reason".into(), word(&self.reason));
        put("table_hash".into(), self.table_hash.clone());
        put("valid_ms".into(), self.valid_ms.to_string());
        put("targets".into(), self.targets.len().to_string());
        for (place, target) in (1..).zip(&self.targets) {
            put(format!("target_{place}"), target.uri.clone());
            put(format!("number_{place}"), user(&target.uri).to_owned());
            put(format!("kind_{place}"), word(&target.kind));
            put(format!("ring_s_{place}"), target.ring_s.to_string());
        }
        Value::Object(map)
    }

    /// `OK,CALL,ARM,COUNT,URI,URI,…`: read with `${CUT(…)}`.
    fn asterisk(&self) -> String {
        let mut line = format!(
            "OK,{},{},{}",
            self.call,
            word(&self.arm),
            self.targets.len()
        );
        for target in &self.targets {
            let _infallible = write!(line, ",{}", bare(&target.uri));
        }
        line
    }

    /// A dialplan of one extension: the targets one after the other, and an end once one has spoken.
    fn freeswitch(&self) -> String {
        if self.targets.is_empty() {
            return NOT_FOUND.to_owned();
        }
        let mut actions = String::new();
        let mut action = |application: &str, data: &str| {
            let _infallible = write!(
                actions,
                "<action application=\"{application}\" data=\"{}\"/>",
                xml(data)
            );
        };
        action("set", "hangup_after_bridge=true");
        action("set", "continue_on_fail=true");
        action("export", &format!("sip_h_X-Segue-Call={}", self.call));
        for target in &self.targets {
            let uri = bare(&target.uri);
            let uri = uri.strip_prefix("sip:").unwrap_or(&uri);
            action("set", &format!("call_timeout={}", target.ring_s));
            action("bridge", &format!("sofia/external/{uri}"));
        }
        format!(
            "<document type=\"freeswitch/xml\"><section name=\"dialplan\"><context name=\"segue\">\
             <extension name=\"segue\"><condition>{actions}</condition></extension></context>\
             </section></document>"
        )
    }
}

/// What `mod_xml_curl` hears where there is nothing to say: its own dialplan goes on.
const NOT_FOUND: &str = "<document type=\"freeswitch/xml\"><section name=\"result\">\
                         <result status=\"not found\"/></section></document>";

fn target(uri: &str, kind: TargetKind) -> AnswerTarget {
    AnswerTarget {
        uri: uri.to_owned(),
        kind,
        ring_s: RING_S,
    }
}

/// The user part of a SIP URI.
pub(crate) fn user(uri: &str) -> &str {
    let bare = uri.strip_prefix("sip:").unwrap_or(uri);
    bare.split_once('@').map_or(bare, |(user, _)| user)
}

fn is_emergency(uri: &str) -> bool {
    let user = user(uri).trim_start_matches('+');
    EMERGENCY_NUMBERS.contains(&user)
}

/// A name as the JSON forms print it.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// A body and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Reply {
    fn json(value: &Value) -> Self {
        Self {
            content_type: "application/json",
            body: value.to_string(),
        }
    }

    /// An XML document without its declaration.
    pub(crate) fn xml(body: &str) -> Self {
        Self {
            content_type: "text/xml; charset=utf-8",
            body: format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{body}"),
        }
    }
}
