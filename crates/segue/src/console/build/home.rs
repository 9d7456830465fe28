//! What was brought home and is still there.

use super::Inputs;
use segue_domain::Transition;
use segue_domain::chunks::ChunkState;
use segue_domain::fallback::Incident;
use segue_domain::ids::{ChunkId, IncidentId};
use segue_web::SCOPE_ALL;
use segue_web::view::HomeLatch;

/// Chunks that came home and are still there, by the incident that brought them.
pub(super) fn returned(t: &Transition) -> Vec<(&IncidentId, &ChunkId)> {
    let mut found = Vec::new();
    for (id, chunk) in &t.chunks {
        if let ChunkState::Returned { incident } = &chunk.state {
            found.push((incident, id));
        }
    }
    found.sort_unstable();
    found
}

/// Newest press first.
pub(super) fn latches(i: &Inputs<'_>) -> Vec<HomeLatch> {
    let mut latches = unjournalled(i);
    let returned = returned(i.t);
    for incident in i.t.incidents.values() {
        let still = returned
            .iter()
            .filter(|(id, _)| **id == incident.opened.incident)
            .map(|(_, chunk)| *chunk);
        let still: Vec<_> = still.collect();
        for scope in scopes(i, incident, &still) {
            latches.push(latch(i, incident, scope));
        }
    }
    latches.sort_by_key(|latch| std::cmp::Reverse(latch.pressed_at));
    latches
}

/// The scope as pressed while all of it is home; what is left of it, chunk by chunk, once some of it went out again.
fn scopes(i: &Inputs<'_>, incident: &Incident, still: &[&ChunkId]) -> Vec<String> {
    if still.is_empty() {
        return Vec::new();
    }
    let pressed = incident.opened.scope.as_str();
    let whole = segue_domain::fallback::Scope::read(i.t, pressed).is_ok_and(|scope| {
        let covered =
            i.t.chunks
                .iter()
                .filter(|(id, chunk)| scope.covers(id, chunk));
        covered
            .into_iter()
            .all(|(id, _)| i.out_percent(id).is_none_or(|percent| percent == 0))
    });
    match whole {
        true if pressed.eq_ignore_ascii_case(SCOPE_ALL) => vec![SCOPE_ALL.to_owned()],
        true => vec![pressed.to_owned()],
        false => still.iter().map(ToString::to_string).collect(),
    }
}

fn latch(i: &Inputs<'_>, incident: &Incident, scope: String) -> HomeLatch {
    let opened = &incident.opened;
    let home = opened.chunks.iter().all(|returned| {
        i.out_percent(&returned.chunk)
            .is_none_or(|percent| percent == 0)
    });
    let by = i.pressed_by.get(&opened.incident).cloned();
    HomeLatch {
        scope,
        incident: Some(opened.incident.to_string()),
        pressed_at: opened.at,
        by: by.unwrap_or_else(|| i.t.parties.name(opened.by)),
        nodes_home: u32::from(home) + i.peers_home(true),
        nodes_total: i.nodes_total(),
        journalled: true,
        verified_at: incident.verified.as_ref().map(|verified| verified.at),
    }
}

/// Latches that the transition does not know of yet.
fn unjournalled(i: &Inputs<'_>) -> Vec<HomeLatch> {
    let held: Vec<_> =
        i.t.chunks
            .iter()
            .filter(|(id, chunk)| chunk.is_out() && i.is_latched(id))
            .map(|(id, _)| id)
            .collect();
    if held.is_empty() {
        return Vec::new();
    }
    let press = i.unjournalled.last();
    let scopes = match press {
        Some(press) if press.scope.eq_ignore_ascii_case(SCOPE_ALL) => vec![SCOPE_ALL.to_owned()],
        Some(press) => vec![press.scope.clone()],
        None if !i.any_out() => vec![SCOPE_ALL.to_owned()],
        None => held.into_iter().map(ToString::to_string).collect(),
    };
    let latch = |scope| HomeLatch {
        scope,
        incident: None,
        // Of a press through another door only the latch is known until the journal tells.
        pressed_at: press.map_or(i.now, |press| press.at),
        by: press.map_or_else(
            || "a person whose name the journal will tell".to_owned(),
            |press| press.by.clone(),
        ),
        nodes_home: 1 + i.peers_home(false),
        nodes_total: i.nodes_total(),
        journalled: false,
        verified_at: None,
    };
    scopes.into_iter().map(latch).collect()
}
