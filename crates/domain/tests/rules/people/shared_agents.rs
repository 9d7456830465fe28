//! §7.17: agents shared with other clients count only by a contracted concurrent minimum.

use super::{MSG, share};
use crate::fixture::{director, manager};
use crate::support::Story;
use jiff::civil::date;
use segue_domain::shared_agents::{ShareAgents, counted_for};
use segue_domain::{Code, Side};
use segue_example::Goal;

#[test]
fn d7_17_shared_agents_count_only_by_a_contracted_concurrent_minimum() {
    let mut story = Story::created();
    let counted = |story: &Story| counted_for(&story.t, &"MSG".into());
    share(&mut story);
    assert_eq!(counted(&story), 0);
    for (contracted, expected) in [(1, 1), (2, 2), (9, 2)] {
        let minimums = &mut story.t.terms.people.concurrent_minimums;
        minimums.insert("MSG".into(), contracted);
        assert_eq!(counted(&story), expected);
    }
    let mut one = story.clone();
    let alone = ShareAgents {
        agents: ["S-1".into()].into(),
    };
    one.t.terms.people.concurrent_minimums.clear();
    one.does(&manager(Side::Outsourcer), alone);
    assert_eq!(counted(&one), 1);
}

#[test]
fn d7_17_agents_on_paper_keep_the_gate_red() {
    let mut story = Story::agreed();
    story.on(date(2027, 3, 1));
    story.walks(&Goal::Proved(MSG.into()));
    let own: Vec<_> = story.t.agents.keys().cloned().collect();
    share(&mut story);
    // Whoever else the example rosters for messages is shared as well.
    let all = ShareAgents {
        agents: own
            .into_iter()
            .chain(["S-1".into(), "S-2".into()])
            .collect(),
    };
    story.does(&manager(Side::Outsourcer), all);
    let gate = story.sign_gate(Side::Client, MSG);
    story
        .when(&director(Side::Client), gate)
        .refuses(Code::GateRed, "agents count for MSG");
}

#[test]
fn only_agents_on_the_roster_are_shared() {
    let nobody = ShareAgents {
        agents: ["S-7".into()].into(),
    };
    Story::created()
        .when(&manager(Side::Outsourcer), nobody.clone())
        .refuses(Code::Unknown, "S-7");
    Story::created()
        .when(&manager(Side::Client), nobody)
        .refuses(Code::NotAuthorised, "person of the outsourcer");
}
