//! Lines, their control point and their last resort: where Segue decides, and who answers when nobody else does.

use crate::caller::e164;
use crate::covering;
use crate::ids::{CallTypeId, LineId, SiteId};
use crate::refusal::{Code, Refusal};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers that are never a target (`domain.md` §7.11).
pub const EMERGENCY_NUMBERS: [&str; 3] = ["911", "988", "112"];

/// Where the calls of a line can be told apart (design: control point).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ControlPoint {
    /// Segue sees the call before the caller chose anything: one route for the whole line.
    BeforeIvr,
    /// An IVR asked first; each option arrives on an internal number of its own.
    AfterIvr,
    /// The carrier divides; Segue compiles instructions for it.
    Carrier,
}

/// A public number, its site and how its calls reach both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Line {
    /// Short name.
    pub id: LineId,
    /// E.164 number callers dial.
    pub number: String,
    /// The centre it rings at today.
    pub site: SiteId,
    /// Where Segue decides.
    pub control_point: ControlPoint,
    /// One entry per internal number Segue sees.
    pub routes: Vec<LineRoute>,
    /// SIP URIs tried last, in order: on-call phone, answering service, announcement with 911/988.
    pub last_resort: Vec<String>,
    /// Numbers that reach a nurse and always bypass the split.
    #[serde(default)]
    pub escalation_numbers: Vec<String>,
    /// Whether its records are of substance-use treatment (42 CFR Part 2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub part2: bool,
    /// Whether it touches transfers between hospitals (EMTALA).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub transfer_center: bool,
}

/// How the calls of one internal number reach both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LineRoute {
    /// The number Segue sees in the Request-URI: `7001` behind an IVR, the public number before it.
    pub dialled: String,
    /// The call types that arrive on it.
    pub call_types: Vec<CallTypeId>,
    /// Callers' languages that arrive on it, where the IVR asked; empty means all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub languages: BTreeSet<String>,
    /// The population that arrives on it, where the IVR asked: `paediatric`; absent means everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub population: Option<String>,
    /// SIP URI of the in-house queue.
    pub in_house: String,
    /// SIP URI of the outsourcer's queue.
    pub outsourced: String,
}

/// The numbers of lines whose callers are kept apart (42 CFR Part 2), each with its line: nothing joins a caller there with a caller
/// elsewhere.
pub fn kept_apart(lines: &[Line]) -> BTreeMap<String, LineId> {
    let apart = lines.iter().filter(|line| line.part2);
    let numbers = apart.flat_map(|line| {
        let dialled = line.routes.iter().map(|route| route.dialled.clone());
        let all = dialled.chain([line.number.clone(), line.id.to_string()]);
        let forms = all.flat_map(|number| [e164(&number), Some(number)]);
        forms.flatten().map(|number| (number, line.id.clone()))
    });
    numbers.collect()
}

/// The line of [`kept_apart`] that a number reaches, however it is written.
pub fn apart_line<'a>(apart: &'a BTreeMap<String, LineId>, dialled: &str) -> Option<&'a LineId> {
    if apart.is_empty() {
        return None;
    }
    let known = || apart.get(&e164(dialled)?);
    apart.get(dialled).or_else(known)
}

impl Line {
    /// Checks what must hold of a line from the first day.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.last_resort.is_empty() {
            return Err(Refusal::new(Code::NoLastResort)
                .missing(format!("a last resort for line {}", self.id))
                .who("telephony engineer of the client")
                .how("name an on-call phone, an answering service or an announcement that gives 911 and 988"));
        }
        let targets = self
            .routes
            .iter()
            .flat_map(|r| [&r.in_house, &r.outsourced]);
        for target in targets.chain(&self.last_resort) {
            check_target(&self.id, target)?;
        }
        for route in &self.routes {
            covering::check_bounds(&route.languages, route.population.as_ref())?;
        }
        let one_route = self.routes.len() == 1;
        if self.routes.is_empty() || (self.control_point == ControlPoint::BeforeIvr && !one_route) {
            return Err(bad(format!(
                "line {}: one route before the IVR, one per option after it",
                self.id
            )));
        }
        Ok(())
    }

    /// Why such calls cannot be told apart on this line, with remedies.
    pub(crate) fn not_separable(&self, calls: &str) -> Refusal {
        Refusal::new(Code::TypeNotSeparable)
            .missing(format!(
                "a way to tell {calls} calls from others on line {} ({})",
                self.id, self.number
            ))
            .who("telephony engineer of the client")
            .how("give them their own internal number behind the IVR, or its own public number")
    }
}

/// The user part of a SIP URI (`sip:7001@10.0.0.1` → `7001`); the whole text when it is no URI.
pub fn uri_user(uri: &str) -> &str {
    let rest = uri
        .strip_prefix("sips:")
        .or_else(|| uri.strip_prefix("sip:"))
        .unwrap_or(uri);
    rest.split(['@', ';', '?']).next().unwrap_or_default()
}

fn check_target(line: &LineId, uri: &str) -> Result<(), Refusal> {
    let digits: String = uri_user(uri).chars().filter(char::is_ascii_digit).collect();
    if EMERGENCY_NUMBERS.contains(&digits.as_str()) {
        return Err(Refusal::new(Code::EmergencyTarget)
            .missing(format!("another target than {digits} on line {line}"))
            .who("telephony engineer of the client")
            .how("let the last resort announce 911 and 988; the emergency service is the patient's to call"));
    }
    let host = uri
        .strip_prefix("sip:")
        .and_then(|rest| rest.split_once('@'))
        .map(|(_, host)| host);
    if host.is_none_or(str::is_empty)
        || uri
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || "<>\"".contains(c))
    {
        return Err(bad(format!(
            "`{uri}` on line {line} as a SIP URI, for example sip:7001@192.0.2.10:5060"
        )));
    }
    Ok(())
}

pub(crate) fn bad(missing: String) -> Refusal {
    Refusal::new(Code::BadFact)
        .missing(missing)
        .how("correct the fact and send the command again")
}
