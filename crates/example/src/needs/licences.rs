//! CareBridge's nurses and their licences, and the table of the compact's members, confirmed by Riverside's compliance.

use crate::cast::of;
use crate::way::{Move, Scene};
use jiff::ToSpan;
use jiff::civil::Date;
use segue_domain::agents::{Credential, RosterAgents, RosteredAgent, rostered_for};
use segue_domain::ids::{AgentId, CallTypeId};
use segue_domain::ladder::Rung;
use segue_domain::legal_tables::{ConfirmLegalTable, LegalTable};
use segue_domain::licences::compact::{AdoptCompactTable, shipped};
use segue_domain::licences::{
    AgentLicence, Licence, LicenceKind, LicenceStatus, RecordLicences, licences_of,
};
use segue_domain::{Role, Side};

/// Days before its last day when a licence is renewed.
const EARLY_DAYS: i32 = 30;

/// What every nurse of CareBridge holds: the compact's licence of New Jersey, and one of New York.
const HELD: [(&str, LicenceKind); 2] =
    [("NJ", LicenceKind::Multistate), ("NY", LicenceKind::Single)];

/// The call types that only nurses take.
fn clinical(scene: &Scene<'_>) -> Vec<CallTypeId> {
    let kinds = scene.t.call_types.iter();
    let clinical = kinds.filter(|kind| kind.rung() >= Rung::Consult);
    clinical.map(|kind| kind.id.clone()).collect()
}

/// Table, nurses, licences: where nurses advise at all.
pub(crate) fn licensed(scene: &Scene<'_>) -> Option<Move> {
    let clinical = clinical(scene);
    if clinical.is_empty() {
        return None;
    }
    table(scene)
        .or_else(|| rostered(scene, &clinical))
        .or_else(|| recorded(scene, &clinical))
}

fn table(scene: &Scene<'_>) -> Option<Move> {
    let compliance = of(Side::Client, Role::Compliance);
    let Some(adopted) = scene.t.legal_tables.get(&LegalTable::Compact) else {
        let rows = shipped().ok()?;
        return Some(Move::say(compliance, AdoptCompactTable { rows }));
    };
    let confirm = ConfirmLegalTable {
        table: LegalTable::Compact,
        hash: adopted.hash.clone(),
    };
    let open = adopted.confirmed.is_none();
    open.then(|| Move::say(compliance, confirm))
}

/// Two nurses, if nobody is rostered for calls that only nurses take.
fn rostered(scene: &Scene<'_>, clinical: &[CallTypeId]) -> Option<Move> {
    let nobody = |kind: &CallTypeId| rostered_for(scene.t, kind).next().is_none();
    if !clinical.iter().any(nobody) {
        return None;
    }
    let nurse = |number: &str| RosteredAgent {
        agent: number.into(),
        call_types: clinical.iter().cloned().collect(),
        languages: ["English".to_owned(), "Spanish".to_owned()].into(),
        credential: Credential::RegisteredNurse,
    };
    let agents = ["N-21", "N-22"].map(nurse).into();
    let roster = RosterAgents { agents };
    Some(Move::say(
        of(Side::Outsourcer, Role::Implementation),
        roster,
    ))
}

fn recorded(scene: &Scene<'_>, clinical: &[CallTypeId]) -> Option<Move> {
    let today = scene.t.today(scene.now);
    let soon = today.saturating_add(EARLY_DAYS.days());
    let nurses = clinical.iter().flat_map(|kind| rostered_for(scene.t, kind));
    let wanting = |agent: &AgentId| {
        HELD.into_iter()
            .filter(|(state, _)| !holds(scene, agent, state, soon))
            .map(|(state, kind)| licence(agent, state, kind, today))
            .collect::<Vec<_>>()
    };
    let mut licences: Vec<_> = nurses.flat_map(|nurse| wanting(&nurse.agent)).collect();
    licences.sort_by(|a, b| (&a.agent, &a.licence.state).cmp(&(&b.agent, &b.licence.state)));
    licences.dedup();
    let record = RecordLicences { licences };
    let open = !record.licences.is_empty();
    open.then(|| Move::say(of(Side::Outsourcer, Role::Implementation), record))
}

fn holds(scene: &Scene<'_>, agent: &AgentId, state: &str, soon: Date) -> bool {
    licences_of(scene.t, agent).iter().any(|licence| {
        licence.state.as_str() == state && licence.expires.is_none_or(|last| last > soon)
    })
}

fn licence(agent: &AgentId, state: &str, kind: LicenceKind, today: Date) -> AgentLicence {
    let licence = Licence {
        state: state.into(),
        kind,
        expires: Some(today.saturating_add(2.years())),
        zone: "America/New_York".into(),
        status: LicenceStatus::Active,
        moved: None,
    };
    AgentLicence {
        agent: agent.clone(),
        licence,
    }
}
