//! The account manager was present from the start; each step has a forecast that the agents who are ready can meet.

use crate::cast::of;
use crate::way::{Move, Scene};
use segue_domain::account_manager::{Occasion, RecordParticipation};
use segue_domain::capacity::{Forecast, RecordForecast};
use segue_domain::chunks::Chunk;
use segue_domain::{Role, Side};

/// The first occasion that the account manager's presence is not recorded for.
pub(crate) fn present(scene: &Scene<'_>) -> Option<Move> {
    let all = [Occasion::Kickoff, Occasion::Discovery, Occasion::Workshop];
    let missing = |o: &Occasion| !scene.t.stewardship.present_at.contains(o);
    let occasion = all.into_iter().find(missing)?;
    let participation = RecordParticipation {
        occasion,
        reference: "list of those present".into(),
    };
    Some(Move::say(
        of(Side::Client, Role::Implementation),
        participation,
    ))
}

/// Calls of the baseline's busiest hour, and half as many agents again as keep busy with them under stress.
pub(crate) fn forecast(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let planned = &chunk.planned;
    let last = scene.t.forecasts.get(&planned.id);
    if last.is_some_and(|f| scene.is_fresh(f.at, scene.t.terms.evidence_valid_days)) {
        return None;
    }
    let base = scene.t.baselines.of(&planned.site, &planned.call_type)?;
    let busy = base.busiest_hour_calls * base.aht_s / 3_600;
    let forecast = RecordForecast {
        chunk: planned.id.clone(),
        forecast: Forecast {
            calls_per_hour: base.busiest_hour_calls,
            aht_s: base.aht_s,
            agents_ready: busy * 2 + 4,
            observed_calls: 0,
            observed_aht_s: 0,
        },
        reference: "workforce plan 4".into(),
    };
    Some(Move::say(
        of(Side::Outsourcer, Role::Implementation),
        forecast,
    ))
}
