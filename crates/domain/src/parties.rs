//! The first fact: one client, one outsourcer, their signatories, sites, lines and call types (A1, §7.17).

use crate::Decided;
use crate::account_manager::ManagerTerms;
use crate::actor::Side;
use crate::calendar::ChangeFreeze;
use crate::capacity::CapacityTerms;
use crate::caps::Caps;
use crate::compliance::ComplianceTerms;
use crate::contingency::ContingencyTerms;
use crate::culture::CultureTerms;
use crate::discovery::DiscoveryTerms;
use crate::event::Event;
use crate::headaches::Weights;
use crate::hold::HoldTerms;
use crate::ids::{PersonId, SiteId, is_usable};
use crate::issues::Clocks;
use crate::keys::Key;
use crate::ladder::{CallType, Rung};
use crate::licences::LicenceTerms;
use crate::lines::{Line, bad};
use crate::parity::Margins;
use crate::people::PeopleTerms;
use crate::qa::QualityTerms;
use crate::refusal::{Code, Refusal};
use crate::signature::is_public_key;
use crate::soak::Soak;
use crate::testing_terms::TestingTerms;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Creates the transition with an already chosen outsourcer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CreateTransition {
    /// What people call it: `Riverside Health to CareBridge`.
    pub name: String,
    /// Marked everywhere when the data is an example.
    #[serde(default)]
    pub example: bool,
    /// Exactly one client and one outsourcer.
    pub parties: Vec<Party>,
    /// The centres being moved.
    pub sites: Vec<Site>,
    /// Their public numbers.
    pub lines: Vec<Line>,
    /// What callers need, on the ladder.
    pub call_types: Vec<CallType>,
    /// Settings both sign with the plan.
    #[serde(default)]
    pub terms: Terms,
}

/// One of the two parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Party {
    /// Which of the two.
    pub side: Side,
    /// Its name.
    pub name: String,
    /// The people whose signatures bind it.
    pub signatories: Vec<Signatory>,
}

/// A person whose signature binds a party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Signatory {
    /// Account name.
    pub person: PersonId,
    /// Position, never the human's name: `director of access`.
    pub title: String,
    /// The key they sign with at first: hex Ed25519. Others are enrolled later (`keys.rs`).
    pub public_key: String,
    /// Whether this is the clinical lead, who signs beside the parties where nurses advise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clinical_lead: bool,
}

/// One in-house call centre.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Site {
    /// Short name: `RVS-Main`.
    pub id: SiteId,
    /// IANA zone its people live in.
    pub zone: String,
}

/// Settings of the signed terms; the defaults are the trade's (a practitioner's, until the contract says otherwise).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Terms {
    /// One of the six formulas, by name (§2.3).
    pub service_level_formula: String,
    /// T: answered within this many seconds counts.
    pub service_level_threshold_s: u32,
    /// S: an abandon with a shorter wait is a short abandon.
    pub short_abandon_s: u32,
    /// A step needs a named person of each party within this time.
    pub approval_window_min: u32,
    /// Between a fallback and the next way out.
    pub cool_down_h: u32,
    /// Between acceptance and `closed`.
    pub hold_days: u32,
    /// What the hold period has to see beside its days.
    pub hold: HoldTerms,
    /// Test and readiness evidence older than this is not fresh.
    pub evidence_valid_days: u32,
    /// How long the agreed table stays valid when the journal itself is gone.
    pub authority_lease_s: u32,
    /// Weeks of history a baseline needs at least (A13).
    pub baseline_weeks_min: u32,
    /// How thorough discovery has to be.
    pub discovery: DiscoveryTerms,
    /// Evidence of law and contract, and its clocks.
    pub compliance: ComplianceTerms,
    /// Nurses' licences.
    pub licences: LicenceTerms,
    /// Key persons, notice and the fallback roster.
    pub people: PeopleTerms,
    /// How the cultures are kept.
    pub culture: CultureTerms,
    /// Days a chunk stands at its last step before acceptance.
    pub soak: Soak,
    /// Contingency: drills, escalation, triggers, open work.
    pub contingency: ContingencyTerms,
    /// What one step moves at most.
    pub caps: Caps,
    /// The shortest durations, by rung (A8).
    pub floors: crate::schedule::rush::Floors,
    /// One party set more than this share of the dates alone: the board says so (A9).
    pub balance_note_percent: u32,
    /// Testing before trusting.
    pub testing: TestingTerms,
    /// By how much the outsourced centre may be worse (§7.3).
    pub margins: Margins,
    /// What the capacity gate asks (A14).
    pub capacity: CapacityTerms,
    /// What weighs how much in the headache index (A11).
    pub headaches: Weights,
    /// Gaps and weekly checks of the account manager (B17, B18).
    pub account_manager: ManagerTerms,
    /// Within which time somebody is on an issue (B19).
    pub issue_clocks: Clocks,
    /// What quality asks where nurses triage (B20).
    pub quality: QualityTerms,
    /// The busiest that an agent may be on average, in percent: what a price has to leave room for (B1).
    pub occupancy_percent_max: u32,
    /// When routes are left alone.
    pub change_freeze: ChangeFreeze,
    /// Hours in which harder work that is out is reviewed after easier work fell back.
    pub review_h: u32,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            service_level_formula: "SL_ABANDON_NEGATIVE".into(),
            service_level_threshold_s: 30,
            short_abandon_s: 5,
            approval_window_min: 15,
            cool_down_h: 24,
            hold_days: 30,
            hold: HoldTerms::default(),
            evidence_valid_days: 14,
            authority_lease_s: 900,
            baseline_weeks_min: 4,
            discovery: DiscoveryTerms::default(),
            compliance: ComplianceTerms::default(),
            licences: LicenceTerms::default(),
            people: PeopleTerms::default(),
            culture: CultureTerms::default(),
            soak: Soak::default(),
            contingency: ContingencyTerms::default(),
            caps: Caps::default(),
            floors: crate::schedule::rush::Floors::default(),
            balance_note_percent: 80,
            testing: TestingTerms::default(),
            margins: Margins::default(),
            capacity: CapacityTerms::default(),
            headaches: Weights::default(),
            account_manager: ManagerTerms::default(),
            issue_clocks: Clocks::default(),
            quality: QualityTerms::default(),
            occupancy_percent_max: 85,
            change_freeze: ChangeFreeze::default(),
            review_h: 24,
        }
    }
}

/// The fact that a transition exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransitionCreated {
    /// Everything it was created with.
    pub facts: CreateTransition,
    /// When.
    pub at: Timestamp,
}

/// Both parties, in state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Parties {
    list: Vec<Party>,
    /// What became of signing keys after the transition was created.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<Key>,
}

impl Parties {
    /// One party. Before creation there is none; an empty one stands in.
    pub fn of(&self, side: Side) -> Party {
        self.list
            .iter()
            .find(|party| party.side == side)
            .cloned()
            .unwrap_or(Party {
                side,
                name: side.to_string(),
                signatories: Vec::new(),
            })
    }

    /// A party's name.
    pub fn name(&self, side: Side) -> String {
        self.of(side).name
    }

    /// Every key a signatory has had, the one they were named with first.
    pub fn keys_of(&self, person: &PersonId) -> Vec<Key> {
        let signatories = self.list.iter().flat_map(|party| &party.signatories);
        let named = signatories
            .filter(|s| s.person == *person)
            .filter(|s| !self.keys.iter().any(|key| key.public_key == s.public_key))
            .map(|s| Key {
                person: s.person.clone(),
                public_key: s.public_key.clone(),
                enrolled_at: None,
                revoked_at: None,
            });
        let own = self.keys.iter().filter(|key| key.person == *person);
        let mut all: Vec<_> = named.chain(own.cloned()).collect();
        all.sort_by_key(|key| key.enrolled_at);
        all
    }

    /// Whether anybody has, or had, this key.
    pub(crate) fn has_key(&self, public_key: &str) -> bool {
        let mut signatories = self.list.iter().flat_map(|party| &party.signatories);
        signatories.any(|s| s.public_key == public_key)
            || self.keys.iter().any(|key| key.public_key == public_key)
    }

    pub(crate) fn add_key(&mut self, key: Key) {
        self.keys.push(key);
    }

    pub(crate) fn revoke_key(&mut self, person: &PersonId, public_key: &str, at: Timestamp) {
        let mut known = self.keys_of(person).into_iter();
        let Some(mut key) = known.find(|key| key.public_key == public_key) else {
            return;
        };
        key.revoked_at = Some(at);
        self.keys.retain(|other| other.public_key != public_key);
        self.keys.push(key);
    }

    pub(crate) fn set(&mut self, list: &[Party]) {
        list.clone_into(&mut self.list);
    }
}

pub(crate) fn create(t: &Transition, c: &CreateTransition, now: Timestamp) -> Decided {
    if t.is_created() {
        return Err(Refusal::new(Code::AlreadyCreated)
            .missing("a new data directory or transition")
            .how("start another transition with `segue init`"));
    }
    check_parties(&c.parties)?;
    check_names("site", c.sites.iter().map(|s| s.id.as_str()))?;
    check_names("line", c.lines.iter().map(|l| l.id.as_str()))?;
    check_names("call type", c.call_types.iter().map(|k| k.id.as_str()))?;
    for site in &c.sites {
        jiff::tz::TimeZone::get(&site.zone).map_err(|_| {
            bad(format!(
                "`{}` of site {} as an IANA zone",
                site.zone, site.id
            ))
        })?;
    }
    for call_type in &c.call_types {
        call_type.check()?;
    }
    check_clinical_lead(c)?;
    check_lines(c)?;
    Ok(vec![Event::TransitionCreated(TransitionCreated {
        facts: c.clone(),
        at: now,
    })])
}

fn check_parties(parties: &[Party]) -> Result<(), Refusal> {
    let sides: Vec<_> = parties.iter().map(|party| party.side).collect();
    if sides.len() != 2 || !Side::BOTH.iter().all(|side| sides.contains(side)) {
        return Err(Refusal::new(Code::PartiesNotTwo)
            .missing(format!(
                "exactly one client and one outsourcer; given: {}",
                parties.len()
            ))
            .how("name both parties, each with at least one signatory"));
    }
    let mut people = BTreeSet::new();
    for party in parties {
        if party.signatories.iter().all(|s| s.clinical_lead) {
            return Err(Refusal::new(Code::NoSignatory)
                .missing(format!("a signatory of {} ({})", party.name, party.side))
                .who(format!("an officer of {}", party.name))
                .how("name a person and the public key they sign with (`segue key new`)"));
        }
        for signatory in &party.signatories {
            if !is_public_key(&signatory.public_key) {
                return Err(Refusal::new(Code::NoSignatory)
                    .missing(format!(
                        "a usable Ed25519 public key (64 hex digits) of `{}`",
                        signatory.person
                    ))
                    .who(format!("`{}`", signatory.person))
                    .how("make one with `segue key new` and send the public half"));
            }
            if !is_usable(signatory.person.as_str()) || !people.insert(&signatory.person) {
                return Err(bad(format!(
                    "`{}` as one person of one party",
                    signatory.person
                )));
            }
        }
    }
    Ok(())
}

/// Where nurses advise, the client's clinical lead signs beside the parties (§4.3).
fn check_clinical_lead(c: &CreateTransition) -> Result<(), Refusal> {
    let clinical = c.call_types.iter().any(|k| k.rung() >= Rung::Consult);
    let leads = c.parties.iter().flat_map(|party| {
        let leads = party.signatories.iter().filter(|s| s.clinical_lead);
        leads.map(|_| party.side)
    });
    let leads: Vec<_> = leads.collect();
    if leads.iter().any(|side| *side != Side::Client) || leads.len() > 1 {
        return Err(bad("one clinical lead, of the client".into()));
    }
    if leads.is_empty() && clinical {
        return Err(Refusal::new(Code::NoSignatory)
            .missing("a clinical lead of the client: consult or triage is among the call types")
            .who("an officer of the client")
            .how("name the person with `clinical_lead: true` and the public key they sign with"));
    }
    Ok(())
}

fn check_names<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !is_usable(name) {
            return Err(bad(format!(
                "`{name}` as a {what} name: 1–64 letters, digits, `.`, `_`, `-`, `/`"
            )));
        }
        if !seen.insert(name) {
            return Err(bad(format!(
                "a second name for {what} `{name}`, given twice"
            )));
        }
    }
    if seen.is_empty() {
        return Err(bad(format!("at least one {what}")));
    }
    Ok(())
}

fn check_lines(c: &CreateTransition) -> Result<(), Refusal> {
    let mut dialled = BTreeSet::new();
    for line in &c.lines {
        line.check()?;
        if !c.sites.iter().any(|site| site.id == line.site) {
            return Err(bad(format!("site `{}` of line {}", line.site, line.id)));
        }
        for route in &line.routes {
            if !dialled.insert(&route.dialled) {
                return Err(bad(format!(
                    "a number of its own instead of {}, used twice",
                    route.dialled
                )));
            }
            for call_type in &route.call_types {
                if !c.call_types.iter().any(|k| k.id == *call_type) {
                    return Err(bad(format!("call type `{call_type}` of line {}", line.id)));
                }
            }
        }
    }
    Ok(())
}

pub(crate) fn apply_created(t: &mut Transition, e: &TransitionCreated) {
    let facts = &e.facts;
    t.name.clone_from(&facts.name);
    t.example = facts.example;
    t.created_at = Some(e.at);
    t.parties.set(&facts.parties);
    t.sites.clone_from(&facts.sites);
    t.lines.clone_from(&facts.lines);
    t.call_types.clone_from(&facts.call_types);
    t.terms.clone_from(&facts.terms);
}
