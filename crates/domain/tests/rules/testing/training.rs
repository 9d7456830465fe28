//! The outsourcer's training is verified by the client's own sample (A23, scenario 10).

use super::{MSG, board, red};
use crate::fixture::{manager, nurse};
use crate::support::Story;
use jiff::civil::date;
use segue_domain::agents::{Credential, RosterAgents, RosteredAgent};
use segue_domain::ids::AgentId;
use segue_domain::training::{
    DrawTrainingSample, RecordTraining, ReviewTraining, TrainingRecord, TrainingReview, draw_from,
    sample_size,
};
use segue_domain::{Code, Side};
use std::collections::BTreeSet;

fn agents(count: usize) -> Vec<AgentId> {
    (1..=count)
        .map(|n| format!("B-{n:02}").as_str().into())
        .collect()
}

fn record(agent: &AgentId) -> TrainingRecord {
    TrainingRecord {
        agent: agent.clone(),
        module: "Messages".into(),
        score_percent: 92,
        assessor: Some("cb-quality".into()),
        on: date(2026, 12, 14),
        evidence: Some("training recording".into()),
    }
}

fn draw(seed: &str) -> DrawTrainingSample {
    DrawTrainingSample { seed: seed.into() }
}

fn reviews(agents: &BTreeSet<AgentId>, agrees: impl Fn(&AgentId) -> bool) -> ReviewTraining {
    let review = |agent: &AgentId| TrainingReview {
        agent: agent.clone(),
        agrees: agrees(agent),
        note: String::new(),
    };
    ReviewTraining {
        reviews: agents.iter().map(review).collect(),
    }
}

/// That many agents for messages, each with a record.
fn attested(count: usize) -> Story {
    let mut story = Story::agreed();
    let outsourcer = manager(Side::Outsourcer);
    let rostered = |agent| RosteredAgent {
        agent,
        call_types: ["MSG".into()].into(),
        languages: BTreeSet::new(),
        credential: Credential::Unlicensed,
    };
    let agents = agents(count);
    let roster = agents.iter().cloned().map(rostered).collect();
    story.does(&outsourcer, RosterAgents { agents: roster });
    let records = agents.iter().map(record).collect();
    story.does(&outsourcer, RecordTraining { records });
    story
}

fn drawn(story: &Story) -> BTreeSet<AgentId> {
    story.t.training.open_sample().unwrap().drawn.drawn.clone()
}

fn lacks(story: &Story) -> Option<String> {
    red(story, MSG).into_iter().find(|r| r.contains("training"))
}

#[test]
fn a23_one_record_without_an_assessor_fails_the_sample_and_doubles_the_next() {
    let mut story = attested(40);
    assert!(
        lacks(&story)
            .unwrap()
            .contains("training not verified: B-01, ")
    );
    story.does(&nurse(), draw("lottery 1"));
    let sample = drawn(&story);
    assert_eq!(sample.len(), 5);
    // Which agents are drawn is known before: the seed decides.
    let one = sample.first().unwrap().clone();
    let attested_only = TrainingRecord {
        assessor: None,
        ..record(&one)
    };
    let records = vec![attested_only];
    story.does(&manager(Side::Outsourcer), RecordTraining { records });
    let judged = story.does(&nurse(), reviews(&sample, |_| true));
    assert_eq!(judged.last().unwrap().name(), "training_sample_judged");
    let text = lacks(&story).unwrap();
    assert!(
        text.contains("training verification FAILED 4/5; the next sample is of 10 agents"),
        "{text}"
    );
    let shown = board(&story, "training", &nurse()).join("\n");
    assert!(
        shown.contains("FAILED 4/5") && shown.contains("attested only"),
        "{shown}"
    );

    let records = vec![record(&one)];
    story.does(&manager(Side::Outsourcer), RecordTraining { records });
    story.does(&nurse(), draw("lottery 2"));
    let sample = drawn(&story);
    assert_eq!(sample.len(), 10);
    story.does(&nurse(), reviews(&sample, |_| true));
    assert_eq!(lacks(&story), None);
    assert_eq!(
        sample_size(&story.t, 40),
        5,
        "doubling ends with a sample that verifies"
    );
}

#[test]
fn a23_95_percent_must_agree() {
    let mut story = attested(400);
    for (dissent, verified) in [(3, false), (4, true)] {
        story.does(&nurse(), draw(&format!("seed {dissent}")));
        let sample = drawn(&story);
        // 3 of 40 are too many, 4 of 80 are not.
        let against: BTreeSet<_> = sample.iter().take(dissent).cloned().collect();
        story.does(&nurse(), reviews(&sample, |a| !against.contains(a)));
        assert_eq!(
            lacks(&story).is_none(),
            verified,
            "{dissent} of {}",
            sample.len()
        );
    }
}

#[test]
fn a23_attestation_without_evidence_stays_unverified_outside_the_sample_too() {
    let mut story = attested(40);
    story.does(&nurse(), draw("lottery 1"));
    let sample = drawn(&story);
    let other = agents(40)
        .into_iter()
        .find(|a| !sample.contains(a))
        .unwrap();
    let bare = TrainingRecord {
        evidence: None,
        ..record(&other)
    };
    let records = vec![bare];
    story.does(&manager(Side::Outsourcer), RecordTraining { records });
    story.does(&nurse(), reviews(&sample, |_| true));
    assert_eq!(
        lacks(&story),
        Some(format!("agents: training not verified: {other}"))
    );
}

#[test]
fn a23_a_record_changed_afterwards_is_another_record() {
    let mut story = attested(6);
    story.does(&nurse(), draw("lottery 1"));
    let sample = drawn(&story);
    let one = sample.first().unwrap().clone();
    let rest: BTreeSet<_> = sample.iter().skip(1).cloned().collect();
    let better = TrainingRecord {
        score_percent: 99,
        ..record(&one)
    };
    story.does(&nurse(), reviews(&[one.clone()].into(), |_| true));
    let records = vec![better];
    story.does(&manager(Side::Outsourcer), RecordTraining { records });
    story.does(&nurse(), reviews(&rest, |_| true));
    assert!(
        story.t.training.open_sample().is_some(),
        "{one} is to be reviewed again"
    );
    story.does(&nurse(), reviews(&[one].into(), |_| true));
    assert_eq!(lacks(&story), None);
}

#[test]
fn a23_both_parties_can_draw_the_sample_again() {
    let population = agents(40);
    // Computed outside this program: HMAC-SHA-256 under the seed, the five lowest.
    let lottery = draw_from("the lottery of 4 January", &population, 5);
    let lottery: Vec<_> = lottery.iter().map(AgentId::as_str).collect();
    assert_eq!(lottery, ["B-11", "B-24", "B-25", "B-31", "B-38"]);
    let first = draw_from("lottery 1", &population, 5);
    let mut turned = population.clone();
    turned.reverse();
    assert_eq!(draw_from("lottery 1", &turned, 5), first);
    assert_ne!(draw_from("lottery 2", &population, 5), first);
    assert!(draw_from("lottery 1", &population, 10).is_superset(&first));
    // Over many seeds everybody is drawn about as often: 5 of 40 in 400 draws are 50 each.
    let mut counts = vec![0_u32; 40];
    for seed in 0..400 {
        for agent in draw_from(&seed.to_string(), &population, 5) {
            counts[population.iter().position(|a| *a == agent).unwrap()] += 1;
        }
    }
    assert!(counts.iter().all(|n| (25..=80).contains(n)), "{counts:?}");
}

#[test]
fn a23_the_sample_is_ten_percent_and_five_at_least_and_never_more_than_there_are() {
    let story = Story::agreed();
    for (population, size) in [(0, 0), (3, 3), (14, 5), (50, 5), (51, 6), (200, 20)] {
        assert_eq!(sample_size(&story.t, population), size, "{population}");
    }
}

#[test]
fn a23_a_sample_is_reviewed_to_its_end_by_the_client() {
    let mut story = attested(40);
    story.does(&nurse(), draw("lottery 1"));
    story.when(&nurse(), draw("lottery 1")).changes_nothing();
    story
        .when(&nurse(), draw("a better seed"))
        .refuses(Code::SampleOpen, "reviews of B-");
    let sample = drawn(&story);
    story
        .when(&manager(Side::Outsourcer), reviews(&sample, |_| true))
        .refuses(Code::NotAuthorised, "person of the client");
    let outside = agents(40)
        .into_iter()
        .find(|a| !sample.contains(a))
        .unwrap();
    story
        .when(&nurse(), reviews(&[outside.clone()].into(), |_| true))
        .refuses(Code::BadFact, outside.as_str());
    let records = vec![record(&"B-99".into())];
    story
        .when(&manager(Side::Outsourcer), RecordTraining { records })
        .refuses(Code::Unknown, "B-99");
    Story::agreed()
        .when(&nurse(), draw("1"))
        .refuses(Code::Unknown, "training records");
}
