//! The in-house figures of Riverside, as the domain handbook's fixture has them (§6), split over its centres.

use crate::cast::of;
use crate::way::{Move, Scene};
use segue_domain::baseline::{BaselineFigures, BaselineKey, RecordBaseline};
use segue_domain::ids::{CallTypeId, SiteId};
use segue_domain::{Role, Side};

/// Contacts a week, handle time in seconds, calls in the busiest hour: by centre and type.
const FIGURES: &[(&str, &str, u32, u32, u32)] = &[
    ("RVS-Main", "MSG", 6_900, 90, 120),
    ("RVS-Main", "APPT", 4_700, 300, 90),
    ("RVS-Main", "CONSULT", 900, 420, 20),
    ("RVS-Main", "TRIAGE", 2_000, 660, 40),
    ("RVS-North", "MSG", 2_300, 90, 40),
    ("RVS-North", "APPT", 1_600, 300, 30),
];

/// The first call type at a centre whose baseline is missing.
pub(crate) fn recorded(scene: &Scene<'_>) -> Option<Move> {
    let arrives = |site: &SiteId, kind: &CallTypeId| {
        let lines = scene.t.lines.iter().filter(|line| line.site == *site);
        let routes = lines.flat_map(|line| &line.routes);
        routes
            .into_iter()
            .any(|route| route.call_types.contains(kind))
    };
    FIGURES
        .iter()
        .find_map(|(site, kind, weekly, aht_s, busiest)| {
            let (site, kind) = (SiteId::from(*site), CallTypeId::from(*kind));
            if !arrives(&site, &kind) || scene.t.baselines.of(&site, &kind).is_some() {
                return None;
            }
            let offered = u64::from(*weekly) * 13;
            let baseline = RecordBaseline {
                key: BaselineKey {
                    site,
                    call_type: kind,
                    segment: None,
                },
                figures: BaselineFigures {
                    weeks: 13,
                    weekly_contacts: *weekly,
                    offered,
                    answered_within: offered * 82 / 100,
                    abandoned: offered * 3 / 100,
                    aht_s: *aht_s,
                    busiest_hour_calls: *busiest,
                    peak_concurrent: busiest * aht_s / 3_600 + 3,
                },
                reference: "baseline of 13 weeks, report 3".into(),
            };
            Some(Move::say(of(Side::Client, Role::Implementation), baseline))
        })
}
