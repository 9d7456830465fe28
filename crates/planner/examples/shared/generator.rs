//! Writes look-alike models of any size: the same size and seed give the same model.

use jiff::civil::date;
use segue_domain::Side;
use segue_domain::ladder::Rung;
use segue_planner::{
    Cell, Gate, Kind, Limit, Model, Owner, Pool, Preference, Rule, Scope, Site, Wish,
};

/// How large a model is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Centres.
    pub sites: u32,
    /// Call types, at most four.
    pub types: u32,
    /// Shifts, at most three.
    pub shifts: u32,
    /// Share steps of each type.
    pub steps: u32,
    /// Weeks of the plan.
    pub weeks: u32,
    /// Centres in motion at once.
    pub in_motion: u32,
}

impl Size {
    /// The model of the target: 6 sites × 4 types × 3 shifts × 4 steps × 26 weeks.
    pub(crate) const LARGE: Self = Self {
        sites: 6,
        types: 4,
        shifts: 3,
        steps: 4,
        weeks: 26,
        in_motion: 3,
    };
    /// One centre with four types in three shifts.
    pub(crate) const SINGLE: Self = Self {
        sites: 1,
        types: 4,
        shifts: 3,
        steps: 4,
        weeks: 26,
        in_motion: 1,
    };
}

/// Dice of this file alone.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(n.max(1))).unwrap_or(0)
    }
}

const TYPES: [(&str, Rung, u32); 4] = [
    ("MSG", Rung::Message, 1_200),
    ("APPT", Rung::Appointment, 900),
    ("CONSULT", Rung::Consult, 300),
    ("TRIAGE", Rung::Triage, 500),
];
const SHIFTS: [&str; 3] = ["day", "evening", "night"];

/// A model that has plans.
pub(crate) fn model(size: Size, seed: u64) -> Model {
    let mut dice = Dice(seed);
    let sites: Vec<_> = (1..=size.sites)
        .map(|n| Site {
            id: format!("S{n}").as_str().into(),
        })
        .collect();
    let kinds = TYPES.iter().take(size.types as usize);
    let types: Vec<_> = kinds
        .map(|(id, rung, _)| {
            let last = if *rung == Rung::Triage {
                size.steps * 20
            } else {
                100
            };
            Kind {
                id: (*id).into(),
                rung: *rung,
                shares_percent: (1..=size.steps)
                    .map(|n| last.min(100) * n / size.steps)
                    .collect(),
                step_risk: 0,
            }
        })
        .collect();
    let shifts: Vec<String> = SHIFTS
        .iter()
        .take(size.shifts as usize)
        .map(|s| (*s).into())
        .collect();
    let mut cells = Vec::new();
    for site in &sites {
        for (id, _, weekly) in TYPES.iter().take(size.types as usize) {
            for (n, shift) in (1..).zip(&shifts) {
                let contacts = weekly / n + dice.below(weekly / n / 2);
                let people = contacts / 60 + 2;
                cells.push(Cell {
                    site: site.id.clone(),
                    kind: (*id).into(),
                    shift: shift.clone(),
                    contacts_per_week: contacts,
                    people,
                    trainees: people,
                    n95: people + people / 3,
                    dual_cost_per_week: people / 2 + 1 + dice.below(4),
                });
            }
        }
    }
    let rules = rules(size, &sites, &cells, &mut dice);
    Model {
        first_monday: date(2027, 1, 4),
        weeks: size.weeks,
        sites,
        types,
        shifts,
        cells,
        rules,
        preferences: preferences(size),
        week_risk: Vec::new(),
    }
}

#[expect(clippy::too_many_lines, reason = "one rule after the other")]
fn rules(size: Size, sites: &[Site], cells: &[Cell], dice: &mut Dice) -> Vec<Rule> {
    let all = Scope::default();
    let people: u32 = cells.iter().map(|c| c.people).sum();
    let n95: u32 = cells.iter().map(|c| c.n95).sum();
    let contacts: u32 = cells.iter().map(|c| c.contacts_per_week).sum();
    let triage = Scope {
        types: vec!["TRIAGE".into()],
        ..Scope::default()
    };
    let triage = if size.types > 3 {
        triage
    } else {
        Scope::default()
    };
    let ramp = (0..12).map(|n| Pool {
        week: n * 2,
        people: people * (n + 2) / 7,
    });
    let kept = [
        (0, n95),
        (size.weeks - 4, n95 * 3 / 4),
        (size.weeks + 1, n95 / 3),
    ];
    let kept = kept.map(|(week, people)| Pool { week, people });
    let mut rules = Vec::new();
    let mut rule = |id: &str, owner, text: &str, limit, scope: &Scope| {
        rules.push(Rule {
            id: id.into(),
            owner,
            text: text.into(),
            limit,
            scope: scope.clone(),
        });
    };
    rule(
        "SOAK",
        Owner::Safety,
        "every cell soaks for a week",
        Limit::Soak { weeks: 1 },
        &all,
    );
    rule(
        "SOAK-TRIAGE",
        Owner::Safety,
        "triage soaks for two weeks",
        Limit::Soak { weeks: 2 },
        &triage,
    );
    rule(
        "HOLD",
        Owner::Safety,
        "the door stays open for two weeks after acceptance",
        Limit::Hold { weeks: 2 },
        &all,
    );
    rule(
        "EVIDENCE",
        Owner::Safety,
        "60 contacts prove a step",
        Limit::Evidence { contacts: 60 },
        &all,
    );
    rule(
        "EASY-FIRST",
        Owner::Safety,
        "harder types a week after easier ones began",
        Limit::EasyFirst(Gate::Stood { step: 1, weeks: 1 }),
        &all,
    );
    rule(
        "SHIFTS",
        Owner::Both,
        "days before evenings before nights",
        Limit::ShiftOrder(Gate::Stood { step: 1, weeks: 0 }),
        &all,
    );
    rule(
        "IN-MOTION",
        Owner::Safety,
        "few centres at once",
        Limit::SitesInMotion {
            max: size.in_motion,
        },
        &all,
    );
    rule(
        "CLASSES",
        Owner::Outsourcer,
        "trainers and their seats",
        Limit::Classes {
            trainers: 3 + 2 * size.in_motion,
            seats: 24,
            weeks: 2,
        },
        &all,
    );
    rule(
        "HIRING",
        Owner::Outsourcer,
        "people hired by week",
        Limit::Headcount {
            people: ramp.collect(),
        },
        &all,
    );
    rule(
        "TEST-TEAM",
        Owner::Outsourcer,
        "testers for so many cells",
        Limit::TestTeam {
            cells: 4 + 2 * size.in_motion,
            weeks: 1,
        },
        &all,
    );
    rule(
        "STEP-CAP",
        Owner::Safety,
        "at most a quarter of all contacts in a week",
        Limit::StepContacts { percent_max: 25 },
        &all,
    );
    rule(
        "TRIAGE-CAP",
        Owner::Safety,
        "at most 20 points of a centre's triage in a week",
        Limit::TriagePoints { points_max: 20 },
        &all,
    );
    rule(
        "VOLUME",
        Owner::Outsourcer,
        "contacts taken over in a week",
        Limit::VolumePerWeek {
            contacts: contacts.div_ceil(size.weeks / 5),
        },
        &all,
    );
    rule(
        "READINESS",
        Owner::Safety,
        "the open door holds its people until closed",
        Limit::Readiness {
            kept: kept.to_vec(),
        },
        &all,
    );
    rule(
        "FREEZE",
        Owner::Outsourcer,
        "the outsourcer's system is upgraded",
        Limit::Blackout { first: 9, last: 9 },
        &all,
    );
    for site in sites {
        let scope = Scope {
            sites: vec![site.id.clone()],
            ..triage.clone()
        };
        let week = dice.below(8);
        rule(
            &format!("LICENCE-{}", site.id),
            Owner::Law,
            "nurses are licensed from then on",
            Limit::NotBefore { week },
            &scope,
        );
    }
    rules
}

fn preferences(size: Size) -> Vec<Preference> {
    let first = Scope {
        sites: vec!["S1".into()],
        ..Scope::default()
    };
    let wish = |id: &str, owner, points, text: &str, wish, scope: &Scope| Preference {
        id: id.into(),
        owner,
        text: text.into(),
        points,
        wish,
        scope: scope.clone(),
    };
    let all = Scope::default();
    let late = size.weeks / 3;
    vec![
        wish(
            "C-DONE",
            Side::Client,
            60,
            "done early",
            Wish::DoneBy {
                week: size.weeks / 3,
            },
            &all,
        ),
        wish(
            "C-QUIET",
            Side::Client,
            40,
            "no step in the first quarter's end",
            Wish::Avoid {
                first: 11,
                last: 12,
            },
            &all,
        ),
        wish(
            "O-LATE",
            Side::Outsourcer,
            70,
            "time to hire",
            Wish::NotBefore { week: late },
            &first,
        ),
        wish(
            "O-QUIET",
            Side::Outsourcer,
            30,
            "no step in the upgrade's neighbourhood",
            Wish::Avoid { first: 7, last: 10 },
            &all,
        ),
    ]
}
