//! The signed terms and both parties' hard constraints as rules at the grain of weeks.

use super::weeks::Weeks;
use super::{STEP_DAYS, scope};
use crate::model::{Gate, Limit, Owner, Rule, Scope};
use jiff::civil::Date;
use segue_domain::schedule::constraints::ConstraintDeclared;
use segue_domain::schedule::{days, limits};
use segue_domain::{Side, Transition};

/// What both signed: soak, steps, hold, ladder, one centre at a time, caps.
#[expect(clippy::too_many_lines, reason = "one rule after the other")]
pub(super) fn of_terms(t: &Transition) -> Vec<Rule> {
    let terms = &t.terms;
    let mut rules = Vec::new();
    let mut rule = |id: String, owner, text: String, limit, types| {
        let scope = Scope {
            types,
            ..Scope::default()
        };
        rules.push(Rule {
            id,
            owner,
            text,
            limit,
            scope,
        });
    };
    for kind in &t.call_types {
        let rung = kind.rung();
        let (soak, floor) = (terms.soak.days(rung), terms.floors.of(rung));
        let own = || vec![kind.id.clone()];
        let text = format!("{} is watched for {soak} days at its last step", kind.id);
        let weeks = soak.div_ceil(7);
        rule(
            format!("SOAK-{}", kind.id),
            Owner::Safety,
            text,
            Limit::Soak { weeks },
            own(),
        );
        let text = format!(
            "{} working days between two steps of {}",
            floor.step_days, kind.id
        );
        let weeks = floor.step_days.div_ceil(5);
        rule(
            format!("STEPS-{}", kind.id),
            Owner::Safety,
            text,
            Limit::StepGap { weeks },
            own(),
        );
    }
    let days = terms.hold_days;
    let weeks = days.div_ceil(7);
    let text = format!("the door stays open for {days} days after acceptance");
    rule(
        "HOLD".into(),
        Owner::Safety,
        text,
        Limit::Hold { weeks },
        vec![],
    );
    let text = "no harder call type before an easier one is accepted".into();
    rule(
        "EASY-FIRST".into(),
        Owner::Safety,
        text,
        Limit::EasyFirst(Gate::Accepted),
        vec![],
    );
    let text = "one centre at a time".into();
    rule(
        "ONE-SITE".into(),
        Owner::Safety,
        text,
        Limit::SitesInMotion { max: 1 },
        vec![],
    );
    if t.baselines.weekly_contacts() > 0 && t.sites.len() > 1 {
        let percent_max = u32::from(terms.caps.step_contacts_percent_max);
        let text = "no mass cutover".into();
        rule(
            "STEP-CAP".into(),
            Owner::Safety,
            text,
            Limit::StepContacts { percent_max },
            vec![],
        );
    }
    rules
}

/// A constraint at the grain of weeks; none for what can no longer be broken. What concerns training is in the outline's
/// preparation already; days of the week are chosen when the plan is dated.
pub(super) fn of_constraint(c: &ConstraintDeclared, weeks: Weeks, today: Date) -> Option<Rule> {
    let limit = match &c.declared.limit {
        limits::Limit::Blackout { first, last } | limits::Limit::ChangeFreeze { first, last } => {
            let (first, last) = weeks.closed(*first, *last)?;
            Limit::Blackout { first, last }
        }
        limits::Limit::NotBefore { date } => Limit::NotBefore {
            week: weeks.begins(*date),
        },
        limits::Limit::NotAfter { date } => Limit::NotAfter {
            week: weeks.ends(*date),
        },
        limits::Limit::SoakDays { days } => Limit::Soak {
            weeks: days.div_ceil(7),
        },
        limits::Limit::StepInterval { days } => Limit::StepsPerWeeks {
            steps: 1,
            weeks: days.div_ceil(7),
        },
        limits::Limit::VolumeNotice { days } => Limit::NotBefore {
            week: weeks.begins(days::after(today, i64::from(*days))),
        },
        limits::Limit::StepDays { .. }
        | limits::Limit::TrainingPerWeek { .. }
        | limits::Limit::Cohort { .. }
        | limits::Limit::TrainWithin { .. }
        | limits::Limit::TrainingDays { .. } => return None,
    };
    Some(Rule {
        id: c.constraint.to_string(),
        owner: match c.by {
            Side::Client => Owner::Client,
            Side::Outsourcer => Owner::Outsourcer,
        },
        text: format!("{} ({})", c.words(), c.declared.reason),
        limit,
        scope: scope(c),
    })
}

/// Whether a hard deadline lies before the first week: then the plan needs a week that is over, for it to be in.
pub(super) fn is_over(c: &ConstraintDeclared, weeks: Weeks) -> bool {
    match &c.declared.limit {
        limits::Limit::NotAfter { date } => weeks.number(days::after(*date, -STEP_DAYS)) < 0,
        _ => false,
    }
}
