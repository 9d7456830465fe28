//! Agents of several skills: held to the exact formula where there is one, and to what "no person less" says.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

use segue_capacity::error::CapacityError;
use segue_capacity::load::{Load, Patience};
use segue_capacity::staffing::shared::{AgentGroup, SharedStaffing, TypeOfCalls, shared_staffing};

fn calls(
    name: &str,
    per_hour: f64,
    aht_s: f64,
    patience_s: Option<f64>,
    target: &str,
) -> TypeOfCalls {
    TypeOfCalls {
        name: name.into(),
        load: Load::new(per_hour, aht_s).unwrap(),
        patience: Patience::of(patience_s).unwrap(),
        target: target.parse().unwrap(),
    }
}

fn group(name: &str, takes: &[&str], cost: u32) -> AgentGroup {
    AgentGroup {
        name: name.into(),
        takes: takes.iter().map(|t| (*t).to_owned()).collect(),
        cost,
    }
}

fn staffed(types: &[TypeOfCalls], groups: &[AgentGroup]) -> SharedStaffing {
    shared_staffing(types, groups, 7).unwrap()
}

fn all_reach(types: &[TypeOfCalls], got: &SharedStaffing) {
    for (kind, result) in types.iter().zip(&got.types) {
        assert!(result.service_level >= kind.target.level(), "{result:?}");
        assert!(
            result.abandonment <= kind.target.abandonment_max(),
            "{result:?}"
        );
    }
}

/// The handbook's triage: alone as Erlang says, two centres 6 + 6, one pool of both 11 (planning, capacity 6).
#[test]
fn one_pool_is_the_formulas_and_two_that_share_need_no_more_than_one() {
    let one = [calls("TRIAGE", 40.0, 660.0, None, "80/30")];
    assert_eq!(
        staffed(&one, &[group("nurses", &["TRIAGE"], 1)]).agents,
        [11]
    );
    let two = [
        calls("north", 20.0, 660.0, None, "80/30"),
        calls("south", 20.0, 660.0, None, "80/30"),
    ];
    let apart = [group("n", &["north"], 1), group("s", &["south"], 1)];
    assert_eq!(staffed(&two, &apart).agents, [6, 6]);
    let pooled = staffed(&two, &[group("nurses", &["north", "south"], 1)]);
    assert_eq!((pooled.together, pooled.apart), (11, 12));
}

/// A few who take both carry most of the gain, and whoever costs more is used where it saves more.
#[test]
fn a_few_who_take_both_save_people_and_cost_decides_who() {
    let types = [
        calls("MSG", 120.0, 150.0, Some(90.0), "80/20"),
        calls("APPT", 90.0, 300.0, Some(120.0), "80/30"),
    ];
    let own = [group("m", &["MSG"], 10), group("a", &["APPT"], 10)];
    let apart = staffed(&types, &own);
    all_reach(&types, &apart);
    let with = |cost: u32| {
        let mut groups = own.to_vec();
        groups.push(group("both", &["MSG", "APPT"], cost));
        let got = staffed(&types, &groups);
        all_reach(&types, &got);
        got
    };
    let cheap = with(10);
    assert!(cheap.together < apart.together, "{cheap:?} {apart:?}");
    assert!(cheap.agents[2] > 0);
    let dear = with(1_000);
    assert_eq!((dear.agents[2], dear.cost), (0, apart.cost), "{dear:?}");
    assert_eq!(with(10), cheap, "the same seed");
}

#[test]
fn no_calls_need_nobody_and_what_cannot_be_is_said() {
    let none = [calls("MSG", 0.0, 150.0, None, "80/20")];
    assert_eq!(staffed(&none, &[group("m", &["MSG"], 1)]).agents, [0]);
    assert_eq!(staffed(&none, &[]).together, 0);
    let some = [calls("MSG", 10.0, 150.0, None, "80/20")];
    let refused = |types: &[TypeOfCalls], groups: &[AgentGroup]| {
        shared_staffing(types, groups, 1).unwrap_err()
    };
    assert_eq!(
        refused(&some, &[]),
        CapacityError::NobodyTakes("MSG".into())
    );
    assert_eq!(
        refused(&some, &[group("m", &["TRI"], 1)]),
        CapacityError::Name("TRI".into())
    );
    assert_eq!(
        refused(&some, &[group("m", &["MSG"], 0)]),
        CapacityError::Free("m".into())
    );
    let twice = [some[0].clone(), some[0].clone()];
    assert_eq!(
        refused(&twice, &[group("m", &["MSG"], 1)]),
        CapacityError::Name("MSG".into())
    );
}
