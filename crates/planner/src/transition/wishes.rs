//! Both parties' wishes as preferences.

use super::scope;
use super::weeks::Weeks;
use crate::model::{Preference, Wish};
use segue_domain::schedule::constraints::{ConstraintDeclared, in_force};
use segue_domain::schedule::limits::Limit;
use segue_domain::{Side, Transition};

/// Wishes with dates, their weights spread over each party's 100 points; what rounding leaves goes to its first wish.
pub(super) fn preferences(t: &Transition, weeks: Weeks) -> Vec<Preference> {
    let mut all = Vec::new();
    for side in Side::BOTH {
        let soft = in_force(t).filter(|c| !c.is_hard() && c.by == side);
        let soft: Vec<_> = soft
            .filter_map(|c| wish(c, weeks).map(|w| (c, w)))
            .collect();
        let weights: u32 = soft.iter().map(|(c, _)| c.declared.weight).sum();
        let points = |weight: u32| (weight * 100).checked_div(weights).unwrap_or(0);
        let mut own: Vec<_> = soft
            .into_iter()
            .map(|(c, wish)| Preference {
                id: c.constraint.to_string(),
                owner: side,
                text: format!("{} ({})", c.words(), c.declared.reason),
                points: points(c.declared.weight),
                wish,
                scope: scope(c),
            })
            .collect();
        let spread: u32 = own.iter().map(|p| p.points).sum();
        if let Some(first) = own.first_mut() {
            first.points += 100 - spread;
        }
        all.extend(own);
    }
    all
}

/// Wishes of both that have no week: about training, soak or days of the week. They are shown, and count in no satisfaction.
pub(super) fn not_weighed(t: &Transition, weeks: Weeks) -> Vec<&ConstraintDeclared> {
    in_force(t)
        .filter(|c| !c.is_hard() && wish(c, weeks).is_none())
        .collect()
}

fn wish(c: &ConstraintDeclared, weeks: Weeks) -> Option<Wish> {
    match &c.declared.limit {
        Limit::Blackout { first, last } | Limit::ChangeFreeze { first, last } => {
            let (first, last) = weeks.closed(*first, *last)?;
            Some(Wish::Avoid { first, last })
        }
        Limit::NotBefore { date } => Some(Wish::NotBefore {
            week: weeks.begins(*date),
        }),
        Limit::NotAfter { date } => Some(Wish::DoneBy {
            week: weeks.ends(*date),
        }),
        _ => None,
    }
}
