//! The baseline (A13): every call type at every centre, over enough weeks, before discovery is signed.

use crate::fixture::{director, manager};
use crate::support::{Story, signed_by};
use segue_domain::agents::{Credential, RosterAgents, RosteredAgent, UnrosterAgent};
use segue_domain::baseline::{BaselineFigures, BaselineKey, RecordBaseline};
use segue_domain::discovery::{OpenDiscovery, SignDiscovery};
use segue_domain::{Code, Side};

fn triage(weeks: u32) -> RecordBaseline {
    RecordBaseline {
        key: BaselineKey {
            site: "RVS-Main".into(),
            call_type: "TRIAGE".into(),
            segment: None,
        },
        figures: BaselineFigures {
            weeks,
            weekly_contacts: 2_000,
            offered: 26_000,
            answered_within: 21_320,
            abandoned: 780,
            aht_s: 660,
            busiest_hour_calls: 40,
            peak_concurrent: 12,
        },
        reference: "report 3".into(),
    }
}

/// Each kind of fact of this concern, and of the roster.
pub(crate) fn history() -> Story {
    let mut story = Story::discovering();
    story.does(&manager(Side::Client), triage(13));
    let agent = RosteredAgent {
        agent: "A-09".into(),
        call_types: ["MSG".into()].into(),
        languages: ["English".to_owned()].into(),
        credential: Credential::Unlicensed,
    };
    let roster = RosterAgents {
        agents: vec![agent],
    };
    story.does(&manager(Side::Outsourcer), roster);
    let off = UnrosterAgent {
        agent: "A-09".into(),
    };
    story.does(&manager(Side::Outsourcer), off);
    story
}

#[test]
fn a13_discovery_needs_a_baseline_of_four_weeks_of_every_type_at_every_centre() {
    let mut story = Story::managed();
    story.files_baa();
    story.does(&manager(Side::Client), OpenDiscovery { items: Vec::new() });
    let sign = |story: &Story| SignDiscovery {
        signature: signed_by(Side::Client, &story.t.discovery.hash(&story.t.id)),
    };
    let refused = story
        .when(&director(Side::Client), sign(&story))
        .refuses(Code::DiscoveryOpen, "baseline of TRIAGE at RVS-Main");
    let baselines = refused
        .missing
        .iter()
        .filter(|m| m.starts_with("baseline of "));
    assert_eq!(baselines.count(), 6, "{refused}");
    story.does(&manager(Side::Client), triage(3));
    story
        .when(&director(Side::Client), sign(&story))
        .refuses(Code::DiscoveryOpen, "at least 4 weeks, not 3");
}

#[test]
fn a_baseline_recorded_later_voids_what_was_signed() {
    let mut story = Story::discovered();
    story.does(&manager(Side::Client), triage(20));
    assert!(!story.t.discovery.is_complete());
}

#[test]
fn counts_of_a_baseline_add_up() {
    let mut wrong = triage(13);
    wrong.figures.abandoned = 26_000;
    Story::discovering()
        .when(&manager(Side::Client), wrong)
        .refuses(Code::BadFact, "counts that add up");
    // Every call was answered in time or abandoned: legal, if rare.
    let mut exact = triage(13);
    exact.figures.abandoned = exact.figures.offered - exact.figures.answered_within;
    Story::discovering()
        .when(&manager(Side::Client), exact)
        .records(&["baseline_recorded"]);
}

#[test]
fn only_the_outsourcer_rosters_its_agents() {
    let roster = RosterAgents { agents: Vec::new() };
    Story::created()
        .when(&manager(Side::Client), roster)
        .refuses(Code::NotAuthorised, "person of the outsourcer");
}

#[test]
fn a_baseline_is_of_a_known_type_at_a_known_centre() {
    let story = Story::discovering();
    let (mut elsewhere, mut unheard) = (triage(13), triage(13));
    elsewhere.key.site = "RVS-West".into();
    unheard.key.call_type = "FAX".into();
    for wrong in [elsewhere, unheard] {
        story
            .when(&manager(Side::Client), wrong)
            .refuses(Code::Unknown, "at centre");
    }
}
