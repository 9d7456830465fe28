//! Nurses' licences: who may take a call of a patient in a state.

use super::{Phrase, then, when};
use crate::people;
use crate::steps::{Read, act, check, sends};
use crate::trouble::{Done, Trouble, contains, holds, wanting};
use crate::words::{date, number, quoted};
use crate::world::{Outcome, World};
use segue_domain::agents::{Credential, RosterAgents, RosteredAgent};
use segue_domain::ids::CallTypeId;
use segue_domain::licences::compact::{AdoptCompactTable, CompactStatus, shipped};
use segue_domain::licences::route::Question;
use segue_domain::licences::{
    AgentLicence, Licence, LicenceKind, LicenceStatus, RecordLicences, Routing, route_eligible,
};

pub(super) const PHRASES: &[Phrase] = &[
    when("{person} rosters nurse {agent} for {type}", |w| {
        sends(w[0], roster(w[1], w[2]))
    }),
    when(
        "{person} records that {agent} holds a {single-state|multistate} licence of {state} until {date}",
        |w| sends(w[0], holding(w[1], w[2], w[3], w[4])?),
    ),
    when(
        "{person} adopts the compact table with {state} active from {date}",
        |w| sends(w[0], active_from(w[1], w[2])?),
    ),
    when(
        "{person} asks who may take a {type} call from {place}",
        |w| asks(w[0], w[1], Some(w[2])),
    ),
    when("{person} asks who may take a {type} call", |w| {
        asks(w[0], w[1], None)
    }),
    then("{agent} may take it", |w| may_take(w[0])),
    then("{agent} may not take it, because {\"text\"}", |w| {
        may_not_take(w[0], quoted(w[1])?)
    }),
    then("the physician on call calls back within {n} minutes", |w| {
        let minutes: i64 = number(w[0])?;
        check(move |seen| {
            let by = answer(seen.world)?.physician_callback_by;
            let within =
                by.is_some_and(|by| by.duration_since(seen.world.now).as_mins() <= minutes);
            let came = by.map_or("nobody calls back".to_owned(), |by| by.to_string());
            holds(within, format!("a callback within {minutes} minutes"), came)
        })
    }),
    then("the answer says {\"text\"}", |w| {
        let text = quoted(w[0])?;
        check(move |seen| {
            let answer = answer(seen.world)?;
            let banner = answer.banner.as_deref().unwrap_or_default();
            contains(&format!("{}; {banner}", answer.reason), &text)
        })
    }),
];

fn roster(agent: &str, call_type: &str) -> RosterAgents {
    let nurse = RosteredAgent {
        agent: agent.into(),
        call_types: [CallTypeId::from(call_type)].into(),
        languages: ["English".to_owned()].into(),
        credential: Credential::RegisteredNurse,
    };
    RosterAgents {
        agents: vec![nurse],
    }
}

fn holding(agent: &str, kind: &str, state: &str, until: &str) -> Result<RecordLicences, String> {
    let kind = match kind {
        "single-state" => LicenceKind::Single,
        "multistate" => LicenceKind::Multistate,
        _ => return Err(format!("`{kind}` should be single-state or multistate")),
    };
    let licence = Licence {
        state: state.into(),
        kind,
        expires: Some(date(until)?),
        zone: "America/New_York".into(),
        status: LicenceStatus::Active,
        moved: None,
    };
    let licences = vec![AgentLicence {
        agent: agent.into(),
        licence,
    }];
    Ok(RecordLicences { licences })
}

/// The shipped table, but for one state that becomes an active member on a day.
fn active_from(state: &str, from: &str) -> Result<AdoptCompactTable, String> {
    let from = date(from)?;
    let mut rows = shipped().map_err(|why| format!("the shipped table cannot be read: {why}"))?;
    let row = rows.iter_mut().find(|row| row.state.as_str() == state);
    let row = row.ok_or_else(|| format!("the shipped table has no row of `{state}`"))?;
    row.provenance.effective_to = Some(from);
    let mut active = row.clone();
    active.status = CompactStatus::Active;
    active.provenance.effective_from = from;
    active.provenance.effective_to = None;
    rows.push(active);
    Ok(AdoptCompactTable { rows })
}

fn asks(person: &str, call_type: &str, place: Option<&str>) -> Read {
    people::read(person)?;
    let (call_type, place) = (CallTypeId::from(call_type), place.map(ToOwned::to_owned));
    act(move |world| {
        Box::pin(async move {
            let t = world.state().await?;
            let question = Question {
                call_type: Some(&call_type),
                patient_state: place.as_deref(),
                among: &[],
            };
            match route_eligible(&t, &question, world.now) {
                Ok(routing) => world.routing = Some(routing),
                Err(refusal) => world.last = Some(Outcome::Refused(Box::new(refusal))),
            }
            Ok(())
        })
    })
}

fn answer(world: &World) -> Result<&Routing, Trouble> {
    let routing = world.routing.as_ref();
    routing.ok_or_else(|| wanting("somebody asked who may take a call", "nobody did"))
}

fn may_take(agent: &str) -> Read {
    let agent = agent.to_owned();
    check(move |seen| {
        let answer = answer(seen.world)?;
        let mut eligible = answer.eligible.iter().map(|c| c.agent.as_str());
        holds(
            eligible.any(|id| id == agent),
            format!("{agent} eligible"),
            format!("{:?}", answer.not_eligible),
        )
    })
}

fn may_not_take(agent: &str, because: String) -> Read {
    let agent = agent.to_owned();
    check(move |seen| -> Done {
        let answer = answer(seen.world)?;
        let mut refused = answer.not_eligible.iter();
        let found = refused.find(|c| c.agent.as_str() == agent);
        let found = found.ok_or_else(|| {
            wanting(
                format!("{agent} not eligible"),
                format!("{:?}", answer.eligible),
            )
        })?;
        contains(&found.reason, &because)
    })
}
