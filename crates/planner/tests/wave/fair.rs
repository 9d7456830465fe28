//! Fairness beside enumeration, and the seal.

use crate::tiny::{legal, models, wishes};
use proptest::prelude::*;
use segue_domain::Side;
use segue_planner::negotiate::negotiate;
use segue_planner::seal::{Opened, SealError, Table, seal};
use segue_planner::{Budget, Goal, Highs, Preference, WavePlan, checker};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The worse-off party of the fairest plan could not be better off in any plan; the plans offered differ and are nearly as
    /// fair; no point of the frontier is beaten by another.
    #[test]
    fn the_fairest_is_the_fairest_of_all(mut model in models(2), wishes in wishes()) {
        model.preferences = wishes;
        model.validate().unwrap();
        let plans = legal(&model);
        let found = negotiate(&model, None, &Highs, Budget::default()).unwrap();
        prop_assert_eq!(found.is_none(), plans.is_empty());
        let Some(found) = found else { return Ok(()) };
        let unmet = Side::BOTH.map(|side| Goal::unmet(&model, side));
        let of = |plan: &WavePlan| unmet.each_ref().map(|g| g.value(plan));
        let best = |side: usize, other: usize| plans.iter().map(|p| (of(p)[side], of(p)[other])).min().unwrap();
        let (client, outsourcer) = (best(0, 1), best(1, 0));
        prop_assert_eq!(of(&found.ideal_client.plan), [client.0, client.1]);
        prop_assert_eq!(of(&found.ideal_outsourcer.plan), [outsourcer.1, outsourcer.0]);
        let spans = [(outsourcer.1 - client.0).max(1), (client.1 - outsourcer.0).max(1)];
        let loss = |plan: &WavePlan| {
            let [a, b] = of(plan);
            let whole = |n: i64| f64::from(i32::try_from(n).unwrap());
            let share = |unmet: i64, ideal: i64, span: i64| whole(unmet - ideal) / whole(span);
            share(a, client.0, spans[0]).max(share(b, outsourcer.0, spans[1]))
        };
        let fairest = plans.iter().map(loss).fold(f64::INFINITY, f64::min);
        prop_assert!(loss(&found.plans[0].plan) <= fairest + 1e-4, "{} {}", loss(&found.plans[0].plan), fairest);
        for (n, offered) in found.plans.iter().enumerate() {
            prop_assert!(loss(&offered.plan) <= fairest + 0.05 + 1e-4, "{} {}", loss(&offered.plan), fairest);
            prop_assert!(found.plans[..n].iter().all(|other| other.plan != offered.plan));
        }
        for position in found.plans.iter().chain(&found.frontier) {
            prop_assert_eq!(checker::violations(&model, &position.plan), vec![]);
        }
        for point in &found.frontier {
            let own = of(&point.plan);
            let beaten = found.frontier.iter().map(|p| of(&p.plan)).any(|o| o != own && o[0] <= own[0] && o[1] <= own[1]);
            prop_assert!(!beaten);
        }
    }
}

fn opened(side: Side) -> Opened {
    let wish = Preference {
        id: format!("{side}-1"),
        owner: side,
        text: "done early".into(),
        points: 100,
        wish: segue_planner::Wish::DoneBy { week: 3 },
        scope: segue_planner::Scope::default(),
    };
    Opened {
        salt: format!("{side:?}").repeat(8),
        preferences: vec![wish],
    }
}

/// Nobody sees a wish before both have sealed theirs, and nobody changes one after.
#[test]
fn points_are_sealed_until_both_are_in() {
    let [client, outsourcer] = Side::BOTH.map(opened);
    let mut table = Table {
        client: Some(seal(Side::Client, &client).unwrap()),
        ..Table::default()
    };
    table.client_opened = Some(client.clone());
    assert_eq!(table.wishes(), Err(SealError::NotSealed(Side::Outsourcer)));
    table.outsourcer = Some(seal(Side::Outsourcer, &outsourcer).unwrap());
    assert_eq!(table.wishes(), Err(SealError::NotOpened(Side::Outsourcer)));
    table.outsourcer_opened = Some(outsourcer.clone());
    assert_eq!(table.wishes().unwrap().len(), 2);
    let mut changed = outsourcer.clone();
    changed.preferences[0].points = 99;
    table.outsourcer_opened = Some(changed);
    assert_eq!(table.wishes(), Err(SealError::Other(Side::Outsourcer)));
    let short = Opened {
        salt: "short".into(),
        ..client.clone()
    };
    assert_eq!(seal(Side::Client, &short), Err(SealError::Salt));
    assert!(matches!(
        seal(Side::Outsourcer, &client),
        Err(SealError::NotOwn { .. })
    ));
}
