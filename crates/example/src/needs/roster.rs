//! The outsourcer's agents on this work: fourteen who take messages and appointments, eighteen nurses.

use crate::cast::of;
use crate::way::{Move, Scene};
use segue_domain::agents::{Credential, RosterAgents, RosteredAgent};
use segue_domain::ids::CallTypeId;
use segue_domain::{Role, Side};

const AGENTS: u32 = 14;
const NURSES: u32 = 18;

/// Everybody is on the roster before anything else is asked of them.
pub(crate) fn filled(scene: &Scene<'_>) -> Option<Move> {
    let agents =
        (1..=AGENTS).map(|n| agent(scene, "A", n, &["MSG", "APPT"], Credential::Unlicensed));
    let nurses = (1..=NURSES).map(|n| {
        agent(
            scene,
            "N",
            n,
            &["CONSULT", "TRIAGE"],
            Credential::RegisteredNurse,
        )
    });
    let missing =
        |a: &RosteredAgent| !a.call_types.is_empty() && !scene.t.agents.contains_key(&a.agent);
    let agents: Vec<_> = agents.chain(nurses).filter(missing).collect();
    let roster = || {
        Move::say(
            of(Side::Outsourcer, Role::Implementation),
            RosterAgents {
                agents: agents.clone(),
            },
        )
    };
    (!agents.is_empty()).then(roster)
}

fn agent(
    scene: &Scene<'_>,
    group: &str,
    n: u32,
    types: &[&str],
    credential: Credential,
) -> RosteredAgent {
    let known = |id: &CallTypeId| scene.t.rung(id).is_some();
    let languages: &[&str] = if n.is_multiple_of(2) {
        &["English", "Spanish"]
    } else {
        &["English"]
    };
    RosteredAgent {
        agent: format!("{group}-{n:02}").as_str().into(),
        call_types: types
            .iter()
            .map(|k| CallTypeId::from(*k))
            .filter(known)
            .collect(),
        languages: languages.iter().map(|l| (*l).to_owned()).collect(),
        credential,
    }
}
