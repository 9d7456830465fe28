//! Probes of resources (A27): whether a place of the outsourcer's reaches the client's systems, tried there by `segue probe` with a
//! one-time token.
//!
//! The token is a signing key. The client records its public half with what is to be tried; what was found is signed by the other
//! half and accepted once, whoever carries it here. A probe proves the way to a system, an agent's own access stays to be proved by
//! doing.

use crate::Decided;
use crate::boards::{Board, Kind};
use crate::canonical;
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg, is_fresh, valid_until};
use crate::ids::{ProbeId, ResourceId, TransitionId};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::signature;
use crate::text;
use crate::transition::Transition;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest address of anything.
const ADDRESS_CHARS_MAX: usize = 300;
/// Things tried by one probe.
const TARGETS_MAX: usize = 50;
/// Longest life of a token.
const VALID_HOURS_MAX: u32 = 7 * 24;
/// How far the clock of the place may be off.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

pub(crate) const BOARD: Kind = Kind {
    name: "probes",
    says: "Which places reach which of the client's systems, as tried there",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

/// What is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "check", rename_all = "snake_case")]
pub enum ProbeCheck {
    /// A name is resolved.
    Dns {
        /// The name.
        host: String,
    },
    /// A TLS connection with a certificate that is believed.
    Tls {
        /// The name on the certificate.
        host: String,
        /// The port.
        port: u16,
    },
    /// A page answers with a status.
    Http {
        /// `https://…`
        url: String,
        /// The status.
        status: u16,
    },
    /// A FHIR server says what it can do (`metadata`).
    FhirMetadata {
        /// The base address, `https://…`
        url: String,
    },
    /// A phone registers (SIP REGISTER); name and password are typed at the place.
    SipRegister {
        /// The registrar: `sip:pbx.example:5060`
        registrar: String,
    },
}

/// One thing to try, for one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProbeTarget {
    /// The resource that needs it.
    pub resource: ResourceId,
    /// What is tried.
    #[serde(flatten)]
    pub check: ProbeCheck,
}

/// Asks a place to try the way to the client's systems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AskProbe {
    /// Where: `CareBridge Manila, floor 3`.
    pub place: String,
    /// Hex public half of the one-time token (`segue probe ask` makes it).
    pub public_key: String,
    /// What is tried.
    pub targets: Vec<ProbeTarget>,
    /// How long the token is good for.
    pub valid_hours: u32,
}

/// What became of one thing tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProbeOutcome {
    /// As it should be.
    Reached,
    /// Not.
    Failed,
    /// Not tried: something needed was not typed.
    NotTried,
}

/// One finding, in the order of the targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProbeResult {
    /// Whether it was as it should be.
    pub outcome: ProbeOutcome,
    /// How long it took, milliseconds.
    pub took_ms: Option<u32>,
    /// What was seen, in words.
    pub said: String,
}

/// Hands in what a probe found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReportProbe {
    /// The probe.
    pub probe: ProbeId,
    /// When it was tried.
    #[schemars(with = "String")]
    pub taken_at: Timestamp,
    /// What was found, in the order of the targets.
    pub results: Vec<ProbeResult>,
    /// Hex signature by the token over [`report_hash`].
    pub signature: String,
}

/// A place was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeAsked {
    /// Its name.
    pub probe: ProbeId,
    /// Where.
    pub place: String,
    /// Hex public half of the token.
    pub public_key: String,
    /// What is tried.
    pub targets: Vec<ProbeTarget>,
    /// The token is good until here.
    pub until: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// A place answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeReported {
    /// The probe.
    pub probe: ProbeId,
    /// When it was tried, by the place's clock.
    pub taken_at: Timestamp,
    /// What was found.
    pub results: Vec<ProbeResult>,
    /// The token's signature.
    pub signature: String,
    /// When it arrived.
    pub at: Timestamp,
}

/// One probe, in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Probe {
    /// What was asked.
    pub asked: ProbeAsked,
    /// What was answered.
    pub reported: Option<ProbeReported>,
}

/// Every probe, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Probes {
    /// By name.
    pub all: BTreeMap<ProbeId, Probe>,
    /// By place and resource: the last one that asked about it.
    last: BTreeMap<String, BTreeMap<ResourceId, ProbeId>>,
}

/// What the token signs: the findings of one probe of one transition.
pub fn report_hash(
    transition: &TransitionId,
    probe: &ProbeId,
    taken_at: Timestamp,
    results: &[ProbeResult],
) -> String {
    canonical::hash("probe report", &(transition, probe, taken_at, results))
}

/// A report signed by its token.
pub fn signed_report(
    transition: &TransitionId,
    probe: &ProbeId,
    taken_at: Timestamp,
    results: Vec<ProbeResult>,
    token: &SigningKey,
) -> ReportProbe {
    let hash = report_hash(transition, probe, taken_at, &results);
    let message = signature::message(&hash).unwrap_or_default();
    ReportProbe {
        probe: probe.clone(),
        taken_at,
        results,
        signature: hex::encode(token.sign(&message).to_bytes()),
    }
}

impl Probe {
    /// What was found of one resource, worst first: target and, once reported, result.
    fn of<'a>(
        &'a self,
        resource: &'a ResourceId,
    ) -> impl Iterator<Item = (&'a ProbeTarget, Option<&'a ProbeResult>)> {
        let results = self.reported.as_ref().map(|r| r.results.as_slice());
        let targets = self.asked.targets.iter().enumerate();
        targets
            .filter(|(_, target)| target.resource == *resource)
            .map(move |(n, target)| (target, results.and_then(|r| r.get(n))))
    }

    /// Why this place does not count as reaching a resource, or nothing when it does or was not asked about it.
    fn weakness(&self, resource: &ResourceId, days: u32, now: Timestamp) -> Option<String> {
        let mut of = self.of(resource).peekable();
        of.peek()?;
        let Some(reported) = &self.reported else {
            return Some("not answered".to_owned());
        };
        let failed = of.find_map(|(target, result)| {
            let result = result.filter(|r| r.outcome != ProbeOutcome::Reached)?;
            Some(format!("{}: {}", target.check.words(), result.said))
        });
        let stale =
            || (!is_fresh(reported.taken_at, days, now)).then(|| format!("older than {days} days"));
        failed.or_else(stale)
    }
}

impl Probes {
    /// The last probe of each place that was asked about a resource.
    fn about<'a>(&'a self, resource: &'a ResourceId) -> impl Iterator<Item = &'a Probe> {
        let last = self.last.values().filter_map(|of| of.get(resource));
        last.filter_map(|probe| self.all.get(probe))
    }
}

impl ProbeCheck {
    /// The check in words.
    pub fn words(&self) -> String {
        match self {
            Self::Dns { host } => format!("DNS {host}"),
            Self::Tls { host, port } => format!("TLS {host}:{port}"),
            Self::Http { url, status } => format!("HTTP {status} {url}"),
            Self::FhirMetadata { url } => format!("FHIR {url}"),
            Self::SipRegister { registrar } => format!("register {registrar}"),
        }
    }

    /// Whether it is a plain host name, an `https://` or a `sip:` address: nothing else is asked for, or tried.
    pub fn is_usable(&self) -> bool {
        let address = |text: &str| {
            (1..=ADDRESS_CHARS_MAX).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_graphic())
        };
        let host = |text: &str| {
            address(text)
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'))
        };
        let web = |text: &str| {
            address(text)
                && text
                    .strip_prefix("https://")
                    .is_some_and(|rest| !rest.is_empty())
        };
        match self {
            Self::Dns { host: name } => host(name),
            Self::Tls { host: name, port } => host(name) && *port > 0,
            Self::Http { url, status } => web(url) && (100..600).contains(status),
            Self::FhirMetadata { url } => web(url),
            Self::SipRegister { registrar } => address(registrar) && registrar.starts_with("sip:"),
        }
    }
}

/// Places that were asked about what the chunk's agents need and do not reach it.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let days = t.terms.testing.access_valid_days;
    let needs = t.access.needs.get(&chunk.planned.call_type);
    let mut resources: Vec<_> = needs.into_iter().flatten().map(|n| &n.resource).collect();
    resources.dedup();
    let mut found = Vec::new();
    for resource in resources {
        for probe in t.probes.about(resource) {
            let Some(why) = probe.weakness(resource, days, now) else {
                continue;
            };
            let (name, place) = (&probe.asked.probe, &probe.asked.place);
            found.push(GateLeg::Technology.finds(format!(
                "{resource} is not proved to be reached from {place} ({name}: {why})"
            )));
        }
    }
    found
}

/// Rows of the access matrix: what each place reaches of a resource.
pub(crate) fn standings(
    t: &Transition,
    resource: &ResourceId,
    now: Timestamp,
) -> Vec<(String, String, Option<Timestamp>)> {
    let days = t.terms.testing.access_valid_days;
    let row = |probe: &Probe| {
        let weak = probe.weakness(resource, days, now);
        let taken = probe.reported.as_ref().map(|r| r.taken_at);
        (
            format!("from {}", probe.asked.place),
            weak.clone().unwrap_or_else(|| "reached".to_owned()),
            taken
                .filter(|_| weak.is_none())
                .map(|at| valid_until(at, days)),
        )
    };
    t.probes.about(resource).map(row).collect()
}

pub(crate) fn ask(t: &Transition, c: &AskProbe, now: Timestamp) -> Decided {
    text::title("the place", &c.place)?;
    if key_of(&c.public_key).is_none() {
        return Err(bad(
            "64 hexadecimal digits of a public key (`segue probe ask` makes it)".into(),
        ));
    }
    if !(1..=VALID_HOURS_MAX).contains(&c.valid_hours) {
        return Err(bad(format!("valid_hours from 1 to {VALID_HOURS_MAX}")));
    }
    if !(1..=TARGETS_MAX).contains(&c.targets.len()) {
        return Err(bad(format!("1 to {TARGETS_MAX} targets")));
    }
    for target in &c.targets {
        let mut needs = t.access.needs.values().flatten();
        if !needs.any(|n| n.resource == target.resource) {
            return Err(Refusal::new(Code::Unknown)
                .missing(format!(
                    "resource `{}` among those declared",
                    target.resource
                ))
                .who("the client")
                .how("declare it first (`segue do declare-resources`)"));
        }
        if !target.check.is_usable() {
            return Err(bad(format!(
                "`{}` as something to try: a plain host name, an https:// or a sip: address",
                target.check.words()
            )));
        }
    }
    let known = t.probes.all.values();
    if let Some(used) = known
        .map(|p| &p.asked)
        .find(|asked| asked.public_key == c.public_key)
    {
        let again = used.place == c.place && used.targets == c.targets;
        return if again {
            Ok(Vec::new())
        } else {
            Err(bad("a token of its own for each probe".into()))
        };
    }
    Ok(vec![Event::ProbeAsked(ProbeAsked {
        probe: ProbeId(format!("PR-{}", t.probes.all.len() + 1)),
        place: c.place.clone(),
        public_key: c.public_key.clone(),
        targets: c.targets.clone(),
        until: canonical::hours_after(now, c.valid_hours),
        at: now,
    })])
}

pub(crate) fn report(t: &Transition, c: &ReportProbe, now: Timestamp) -> Decided {
    let Some(probe) = t.probes.all.get(&c.probe) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("probe `{}`", c.probe))
            .who("the client")
            .how("ask for it first (`segue probe ask`)"));
    };
    check_signature(t, &probe.asked, c)?;
    if let Some(reported) = &probe.reported {
        if reported.signature == c.signature {
            return Ok(Vec::new());
        }
        return Err(over(c, "its token answers once, and has"));
    }
    if now > probe.asked.until {
        return Err(over(c, "its token has run out"));
    }
    if c.taken_at < probe.asked.at - SKEW || c.taken_at > now + SKEW {
        return Err(bad(format!(
            "a time of trying between {} and now; set the clock of the place",
            text::minute(probe.asked.at)
        )));
    }
    if c.results.len() != probe.asked.targets.len() {
        return Err(bad(format!(
            "{} results, one for each target",
            probe.asked.targets.len()
        )));
    }
    // Addresses and dates may stand in it: it is what a machine saw of a machine.
    let plain = |said: &str| {
        (1..=text::TITLE_CHARS_MAX).contains(&said.chars().count())
            && !said.chars().any(char::is_control)
    };
    if !c.results.iter().all(|result| plain(&result.said)) {
        return Err(bad(format!(
            "what was seen in 1 to {} printable characters",
            text::TITLE_CHARS_MAX
        )));
    }
    Ok(vec![Event::ProbeReported(ProbeReported {
        probe: c.probe.clone(),
        taken_at: c.taken_at,
        results: c.results.clone(),
        signature: c.signature.clone(),
        at: now,
    })])
}

fn over(c: &ReportProbe, why: &str) -> Refusal {
    Refusal::new(Code::WrongState)
        .missing(format!("a token of {} that is good: {why}", c.probe))
        .who("the client")
        .how("ask for a new probe (`segue probe ask`)")
}

fn check_signature(t: &Transition, asked: &ProbeAsked, c: &ReportProbe) -> Result<(), Refusal> {
    let hash = report_hash(&t.id, &c.probe, c.taken_at, &c.results);
    let mut bytes = [0; 64];
    let read = hex::decode_to_slice(&c.signature, &mut bytes).is_ok();
    let holds = match (key_of(&asked.public_key), signature::message(&hash)) {
        (Some(key), Some(message)) if read => key
            .verify_strict(&message, &Signature::from_bytes(&bytes))
            .is_ok(),
        _ => false,
    };
    if holds {
        return Ok(());
    }
    Err(Refusal::new(Code::SignatureInvalid)
        .missing(format!("a signature by the token of {}", c.probe))
        .who("whoever ran the probe")
        .how("hand in what `segue probe run` wrote, unchanged"))
}

fn key_of(text: &str) -> Option<VerifyingKey> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    VerifyingKey::from_bytes(&bytes).ok()
}

pub(crate) fn apply_asked(t: &mut Transition, e: &ProbeAsked) {
    let of_place = t.probes.last.entry(e.place.clone()).or_default();
    for target in &e.targets {
        of_place.insert(target.resource.clone(), e.probe.clone());
    }
    let probe = Probe {
        asked: e.clone(),
        reported: None,
    };
    t.probes.all.insert(e.probe.clone(), probe);
}

pub(crate) fn apply_reported(t: &mut Transition, e: &ProbeReported) {
    if let Some(probe) = t.probes.all.get_mut(&e.probe) {
        probe.reported = Some(e.clone());
    }
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let columns = ["place", "probe", "resource", "tried", "found", "ms", "when"];
    let mut board = Board::new("What each place reaches", &columns);
    let days = t.terms.testing.access_valid_days;
    let last = |(resource, probe)| Some((resource, t.probes.all.get(probe)?));
    let last = t.probes.last.values().flatten().filter_map(last);
    for (resource, probe) in last {
        let when = match &probe.reported {
            Some(reported) => text::minute(reported.taken_at),
            None if now > probe.asked.until => "token ran out".to_owned(),
            None => "asked".to_owned(),
        };
        for (target, result) in probe.of(resource) {
            board.row([
                probe.asked.place.clone(),
                probe.asked.probe.to_string(),
                target.resource.to_string(),
                target.check.words(),
                result.map(|r| r.said.clone()).unwrap_or_default(),
                result
                    .and_then(|r| r.took_ms)
                    .map(|ms| ms.to_string())
                    .unwrap_or_default(),
                when.clone(),
            ]);
        }
    }
    board.note(format!(
        "The last probe of each place and resource. It holds for {days} days; an agent's own access is proved by doing (board `access`)."
    ));
    board
}
