//! Both parties' wishes in balance: each one's ideal, what stands if nobody agrees, the fairest plan (the worse-off party
//! gets as much as can be, then both together), the frontier, and three plans that differ.

use crate::goal::{Goal, Satisfaction};
use crate::model::Model;
use crate::plan::WavePlan;
use crate::solver::{Budget, Claim, Outcome, SolveError, Solved, Solver, Task};
use segue_domain::Side;
use serde::Serialize;

/// Points of the frontier between the two ideals.
const BETWEEN: i64 = 4;
/// Plans that are offered.
const PLANS: usize = 3;
/// An offered plan gives the worse-off party at most this share of its span less than the fairest one: 5 %.
const TOLERANCE: i64 = 20;
/// Weeks beyond which two steps count as different enough.
const DIFFERENT_WEEKS: i64 = 4;
/// Questions to the solver: two ideals in two stages, the fairest in three, the frontier, two more plans.
const QUESTIONS: u32 = 13;

/// A plan and what both parties get of their wishes by it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Position {
    /// The plan.
    pub plan: WavePlan,
    /// Weeks to its last step.
    pub weeks: u32,
    /// What the client gets.
    pub client: Satisfaction,
    /// What the outsourcer gets.
    pub outsourcer: Satisfaction,
}

/// The whole negotiation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Negotiation {
    /// The best plan for the client alone.
    pub ideal_client: Position,
    /// The best plan for the outsourcer alone.
    pub ideal_outsourcer: Position,
    /// What stands if nobody agrees: the base plan where there is one; else for each party what the other's ideal leaves it.
    pub disagreement: [Satisfaction; 2],
    /// Three plans, the fairest first.
    pub plans: Vec<Position>,
    /// From the client's ideal to the outsourcer's; no point is worse than another for both.
    pub frontier: Vec<Position>,
    /// How far any of the answers may be from its optimum, as a share; absent where the solver cannot say.
    pub gap: Option<f64>,
}

/// A table at which one solver answers.
struct Table<'a, S> {
    model: &'a Model,
    solver: &'a S,
    budget: Budget,
    /// By side: what the party does not get.
    unmet: [Goal; 2],
    gap: Option<f64>,
}

/// Balances both parties' wishes; `Ok(None)` when there is no plan at all or none was found in time.
///
/// # Errors
/// [`SolveError`] when the solver fails.
pub fn negotiate(
    model: &Model,
    base: Option<&WavePlan>,
    solver: &impl Solver,
    budget: Budget,
) -> Result<Option<Negotiation>, SolveError> {
    let mut table = Table {
        model,
        solver,
        budget: Budget {
            time_limit_s: (budget.time_limit_s / QUESTIONS).max(2),
            ..budget
        },
        unmet: Side::BOTH.map(|side| Goal::unmet(model, side)),
        gap: Some(0.0),
    };
    let (Some(client), Some(outsourcer)) = (table.ideal(0)?, table.ideal(1)?) else {
        return Ok(None);
    };
    let ideals = [&client, &outsourcer];
    let stands = |side: usize| base.unwrap_or(ideals[1 - side]);
    let claims = [0, 1].map(|side: usize| {
        let ideal = table.unmet[side].value(ideals[side]);
        let unmet = table.unmet[side].value(stands(side));
        Claim {
            unmet: table.unmet[side].clone(),
            ideal,
            span: (unmet - ideal).max(1),
        }
    });
    let Some(fairest) = table.fairest(&claims, &client)? else {
        return Ok(None);
    };
    let plans = table.different(&claims, &fairest)?;
    let frontier = table.frontier(&claims, ideals, &fairest)?;
    let position = |plan: &WavePlan| Position::of(model, plan);
    let disagreement =
        [0, 1].map(|side: usize| Satisfaction::of(model, Side::BOTH[side], stands(side)));
    Ok(Some(Negotiation {
        ideal_client: position(&client),
        ideal_outsourcer: position(&outsourcer),
        disagreement,
        plans: plans.iter().map(position).collect(),
        frontier: frontier.iter().map(position).collect(),
        gap: table.gap,
    }))
}

impl Position {
    fn of(model: &Model, plan: &WavePlan) -> Self {
        Self {
            weeks: plan.length_weeks(),
            client: Satisfaction::of(model, Side::Client, plan),
            outsourcer: Satisfaction::of(model, Side::Outsourcer, plan),
            plan: plan.clone(),
        }
    }
}

impl<S: Solver> Table<'_, S> {
    fn ask(
        &mut self,
        goal: &Goal,
        limits: &[(Goal, i64)],
        fairest: &[Claim],
        start: Option<&WavePlan>,
    ) -> Result<Option<Solved>, SolveError> {
        let task = Task {
            model: self.model,
            goal,
            limits,
            fairest,
            start,
            budget: self.budget,
        };
        let Outcome::Planned(solved) = self.solver.solve(&task)? else {
            return Ok(None);
        };
        self.gap = self.gap.zip(solved.gap).map(|(a, b)| a.max(b));
        Ok(Some(solved))
    }

    /// The best plan for one party; of those, the best for the other.
    fn ideal(&mut self, side: usize) -> Result<Option<WavePlan>, SolveError> {
        let (own, other) = (self.unmet[side].clone(), self.unmet[1 - side].clone());
        let Some(best) = self.ask(&own, &[], &[], None)? else {
            return Ok(None);
        };
        let kept = [(own, best.value)];
        let both = self.ask(&other, &kept, &[], Some(&best.plan))?;
        Ok(Some(both.map_or(best.plan, |s| s.plan)))
    }

    /// Leximin: the worse-off party first, then both together, then the shorter plan.
    fn fairest(
        &mut self,
        claims: &[Claim; 2],
        start: &WavePlan,
    ) -> Result<Option<WavePlan>, SolveError> {
        let any = Goal::any(self.model);
        let Some(even) = self.ask(&any, &[], claims, Some(start))? else {
            return Ok(None);
        };
        // The worse-off party's share of its span, rounded up to a whole unit of each party.
        let mut limits = within(claims, &even.plan, 0);
        let sum = together(self.model, claims);
        let Some(both) = self.ask(&sum, &limits, &[], Some(&even.plan))? else {
            return Ok(Some(even.plan));
        };
        limits.push((sum, both.value));
        let length = Goal::length(self.model);
        let short = self.ask(&length, &limits, &[], Some(&both.plan))?;
        Ok(Some(short.map_or(both.plan, |s| s.plan)))
    }

    /// The fairest plan, and others nearly as fair that are as far from it and from each other as can be.
    fn different(
        &mut self,
        claims: &[Claim; 2],
        fairest: &WavePlan,
    ) -> Result<Vec<WavePlan>, SolveError> {
        let limits = within(claims, fairest, TOLERANCE);
        let mut plans = vec![fairest.clone()];
        while plans.len() < PLANS {
            let far = Goal::of(self.model, |cell, step, w| {
                let apart = |plan: &WavePlan| (i64::from(plan.weeks[cell][step]) - w).abs();
                -plans
                    .iter()
                    .map(|plan| apart(plan).min(DIFFERENT_WEEKS))
                    .sum::<i64>()
            });
            match self.ask(&far, &limits, &[], Some(fairest))? {
                Some(other) if !plans.contains(&other.plan) => plans.push(other.plan),
                _ => break,
            }
        }
        Ok(plans)
    }

    fn frontier(
        &mut self,
        claims: &[Claim; 2],
        ideals: [&WavePlan; 2],
        fairest: &WavePlan,
    ) -> Result<Vec<WavePlan>, SolveError> {
        let mut points = vec![ideals[0].clone(), fairest.clone(), ideals[1].clone()];
        for n in 1..=BETWEEN {
            let most = claims[0].ideal + claims[0].span * n / (BETWEEN + 1);
            let limits = [(claims[0].unmet.clone(), most)];
            let best = self.ask(&claims[1].unmet, &limits, &[], Some(ideals[0]))?;
            points.extend(best.map(|s| s.plan));
        }
        let unmet = |plan: &WavePlan| [0, 1].map(|side: usize| claims[side].unmet.value(plan));
        points.sort_by_key(|plan| (unmet(plan), plan.clone()));
        points.dedup_by_key(|plan| unmet(plan));
        let worse = |plan: &WavePlan, other: &WavePlan| {
            let (own, better) = (unmet(plan), unmet(other));
            own != better && better[0] <= own[0] && better[1] <= own[1]
        };
        let kept = points
            .iter()
            .filter(|p| !points.iter().any(|o| worse(p, o)));
        Ok(kept.cloned().collect())
    }
}

/// Neither party gives up more, in shares of its span, than the worse-off one by a plan, and a twentieth part of its span
/// more where that is allowed.
fn within(claims: &[Claim; 2], plan: &WavePlan, tolerance: i64) -> Vec<(Goal, i64)> {
    let lost = claims
        .each_ref()
        .map(|c| (c.unmet.value(plan) - c.ideal).max(0));
    let own = |n: usize| {
        // lost / span of the other party, of the own span.
        let of_other = lost[1 - n] * claims[n].span;
        let of_other =
            of_other / claims[1 - n].span + i64::from(of_other % claims[1 - n].span != 0);
        let slack = claims[n].span.checked_div(tolerance).unwrap_or(0);
        (
            claims[n].unmet.clone(),
            claims[n].ideal + lost[n].max(of_other) + slack,
        )
    };
    vec![own(0), own(1)]
}

/// The sum of what both give up, each in shares of its span; to a hundredth of the larger span.
fn together(model: &Model, claims: &[Claim; 2]) -> Goal {
    let most = claims[0].span.max(claims[1].span);
    let mut sum = Goal::any(model);
    for claim in claims {
        sum.add(&claim.unmet, (100 * most / claim.span).clamp(1, 10_000));
    }
    sum
}
