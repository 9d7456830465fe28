//! Models of a few cells and weeks, and all of their plans.

use jiff::civil::date;
use proptest::prelude::*;
use segue_domain::Side;
use segue_domain::ladder::Rung;
use segue_planner::{
    Cell, Gate, Kind, Limit, Model, Owner, Pool, Preference, Rule, Scope, Site, WavePlan, Wish,
    checker,
};

pub(crate) fn rule(id: &str, owner: Owner, limit: Limit) -> Rule {
    Rule {
        id: id.into(),
        owner,
        text: format!("rule {id}"),
        limit,
        scope: Scope::default(),
    }
}

/// Messages and triage of so many centres, one shift, two steps each.
pub(crate) fn model(sites: u32, weeks: u32, rules: Vec<Rule>) -> Model {
    let sites: Vec<_> = (1..=sites)
        .map(|n| Site {
            id: format!("S{n}").as_str().into(),
        })
        .collect();
    let kind = |id: &str, rung| Kind {
        id: id.into(),
        rung,
        shares_percent: vec![50, 100],
        step_risk: 1,
    };
    let cell = |site: &Site, kind: &str, contacts_per_week, people| Cell {
        site: site.id.clone(),
        kind: kind.into(),
        shift: "day".into(),
        contacts_per_week,
        people,
        trainees: people,
        n95: people + 1,
        dual_cost_per_week: people,
    };
    Model {
        first_monday: date(2027, 1, 4),
        weeks,
        types: vec![kind("MSG", Rung::Message), kind("TRI", Rung::Triage)],
        shifts: vec!["day".into()],
        cells: sites
            .iter()
            .flat_map(|s| [cell(s, "MSG", 100, 3), cell(s, "TRI", 40, 5)])
            .collect(),
        sites,
        rules,
        preferences: Vec::new(),
        week_risk: Vec::new(),
    }
}

/// The same cells twice: by day and by night.
pub(crate) fn with_nights(mut model: Model) -> Model {
    model.shifts.push("night".into());
    let night = |cell: &Cell| Cell {
        shift: "night".into(),
        ..cell.clone()
    };
    let nights: Vec<_> = model.cells.iter().map(night).collect();
    model.cells.extend(nights);
    model
}

/// Every way to take the steps within the weeks, legal or not.
pub(crate) fn every(model: &Model) -> Vec<WavePlan> {
    let pairs = |()| (0..model.weeks).flat_map(|a| (a + 1..model.weeks).map(move |b| vec![a, b]));
    let mut plans = vec![WavePlan::default()];
    for _ in &model.cells {
        let longer = |plan: &WavePlan| {
            let plan = plan.clone();
            pairs(()).map(move |steps| {
                let mut longer = plan.clone();
                longer.weeks.push(steps);
                longer
            })
        };
        plans = plans.iter().flat_map(longer).collect();
    }
    plans
}

/// Every plan that the checker passes.
pub(crate) fn legal(model: &Model) -> Vec<WavePlan> {
    let mut plans = every(model);
    plans.retain(|plan| checker::violations(model, plan).is_empty());
    plans
}

fn pool(people: u32) -> impl Strategy<Value = Vec<Pool>> {
    prop::collection::vec(0..=people, 1..4).prop_map(|of| {
        (0..)
            .zip(of)
            .map(|(week, people)| Pool {
                week: week * 2,
                people,
            })
            .collect()
    })
}

fn gate() -> impl Strategy<Value = Gate> {
    prop_oneof![
        Just(Gate::Accepted),
        (1..3_u32, 0..2_u32).prop_map(|(step, weeks)| Gate::Stood { step, weeks })
    ]
}

/// Any limit with numbers that matter in a few weeks.
pub(crate) fn limit() -> impl Strategy<Value = Limit> {
    prop_oneof![
        (0..3_u32).prop_map(|weeks| Limit::StepGap { weeks }),
        (0..3_u32).prop_map(|weeks| Limit::Soak { weeks }),
        (0..120_u32).prop_map(|contacts| Limit::Evidence { contacts }),
        (0..3_u32).prop_map(|weeks| Limit::Hold { weeks }),
        (0..6_u32, 0..2_u32).prop_map(|(first, more)| Limit::Blackout {
            first,
            last: first + more
        }),
        (0..4_u32).prop_map(|week| Limit::NotBefore { week }),
        (2..6_u32).prop_map(|week| Limit::NotAfter { week }),
        (3..9_u32).prop_map(|week| Limit::ClosedBy { week }),
        gate().prop_map(Limit::EasyFirst),
        gate().prop_map(Limit::ShiftOrder),
        (1..3_u32).prop_map(|max| Limit::SitesInMotion { max }),
        (1..3_u32, 2..5_u32, 0..3_u32).prop_map(|(trainers, seats, weeks)| Limit::Classes {
            trainers,
            seats,
            weeks
        }),
        pool(18).prop_map(|people| Limit::Headcount { people }),
        (1..3_u32, 0..3_u32).prop_map(|(cells, weeks)| Limit::TestTeam { cells, weeks }),
        (20..60_u32).prop_map(|percent_max| Limit::StepContacts { percent_max }),
        (40..70_u32).prop_map(|points_max| Limit::TriagePoints { points_max }),
        (20..120_u32).prop_map(|contacts| Limit::VolumePerWeek { contacts }),
        (1..4_u32, 1..3_u32).prop_map(|(steps, weeks)| Limit::StepsPerWeeks { steps, weeks }),
        pool(24).prop_map(|kept| Limit::Readiness { kept }),
        (0..3_u32, 0..2_usize).prop_map(|(from, settled)| Limit::Settled {
            weeks: (0..).take(settled).collect(),
            from
        }),
    ]
}

fn owner() -> impl Strategy<Value = Owner> {
    prop_oneof![
        Just(Owner::Client),
        Just(Owner::Outsourcer),
        Just(Owner::Law),
        Just(Owner::Safety)
    ]
}

/// Some rules, each about everything, one centre or one type.
pub(crate) fn rules(most: usize) -> impl Strategy<Value = Vec<Rule>> {
    let scope = prop_oneof![
        3 => Just(Scope::default()),
        1 => Just(Scope { sites: vec!["S1".into()], ..Scope::default() }),
        1 => Just(Scope { types: vec!["TRI".into()], ..Scope::default() }),
    ];
    prop::collection::vec((owner(), limit(), scope), 0..=most).prop_map(|all| {
        let named = (1..).zip(all).map(|(n, (owner, limit, scope))| Rule {
            scope,
            ..rule(&format!("R{n}"), owner, limit)
        });
        named.collect()
    })
}

/// A model of one or two centres, or of one with two shifts, with some rules.
pub(crate) fn models(most_rules: usize) -> impl Strategy<Value = Model> {
    let one = (3..7_u32).prop_map(|weeks| (1, weeks));
    let two = (3..5_u32).prop_map(|weeks| (2, weeks));
    let size = prop_oneof![4 => one, 1 => two.clone(), 1 => two.prop_map(|(_, weeks)| (0, weeks))];
    (size, rules(most_rules)).prop_map(|((sites, weeks), rules)| match sites {
        0 => with_nights(model(1, weeks, rules)),
        _ => model(sites, weeks, rules),
    })
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        (0..4_u32).prop_map(|week| Wish::DoneBy { week }),
        (1..5_u32).prop_map(|week| Wish::NotBefore { week }),
        (0..5_u32).prop_map(|first| Wish::Avoid {
            first,
            last: first + 1
        }),
    ]
}

/// Two wishes of each party.
pub(crate) fn wishes() -> impl Strategy<Value = Vec<Preference>> {
    let party = |owner: Side| {
        (wish(), wish(), 1..100_u32).prop_map(move |(a, b, points)| {
            let of = |id: &str, wish, points| Preference {
                id: format!("{owner}-{id}"),
                owner,
                text: "a wish".into(),
                points,
                wish,
                scope: Scope::default(),
            };
            vec![of("a", a, points), of("b", b, 100 - points)]
        })
    };
    (party(Side::Client), party(Side::Outsourcer)).prop_map(|(a, b)| [a, b].concat())
}
