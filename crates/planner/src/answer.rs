//! What the planner is given and answers as documents: one file for every question, one answer for machines and one text for
//! people.

use crate::checker::Violation;
use crate::clash::Clash;
use crate::counter::{Base, Change, Counter};
use crate::goal::Satisfaction;
use crate::model::Model;
use crate::negotiate::{Negotiation, Position};
use crate::order::Draft;
use crate::plan::{TakenStep, WavePlan};
use crate::seal::Table;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// One file for every question: each takes what it needs of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// What moves, by whose rules.
    pub model: Model,
    /// A plan to check.
    #[serde(default)]
    pub plan: Option<WavePlan>,
    /// What a counter-proposal starts from; for a negotiation, what stands if nobody agrees.
    #[serde(default)]
    pub base: Option<Base>,
    /// Both parties' sealed points; they take the place of the model's preferences.
    #[serde(default)]
    pub table: Option<Table>,
}

/// What each party gets of its wishes, as a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Satisfied {
    /// Of the client's.
    pub client: f64,
    /// Of the outsourcer's.
    pub outsourcer: f64,
    /// The client's ratio as whole numbers.
    pub client_points: i64,
    /// …of so many.
    pub client_points_all: i64,
    /// The outsourcer's ratio as whole numbers.
    pub outsourcer_points: i64,
    /// …of so many.
    pub outsourcer_points_all: i64,
}

/// A plan as a document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanAnswer {
    /// What both sign.
    pub hash: String,
    /// Weeks to the last step.
    pub weeks: u32,
    /// At most so far from the optimum, as a share; `null` where nobody can say.
    pub gap: Option<f64>,
    /// Every step in the order of weeks.
    pub steps: Vec<TakenStep>,
    /// What both parties get.
    pub satisfied: Satisfied,
    /// Dual-running cost beyond soak and hold.
    pub dual_cost: i64,
    /// For each date, the rules that keep it from being a week earlier.
    pub binding: Vec<Binding>,
    /// The plan as `plan check` takes it.
    pub plan: WavePlan,
}

/// Whose rule keeps a step from being a week earlier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Binding {
    /// The cell.
    pub cell: String,
    /// Which step, counted from 1.
    pub step: u32,
    /// The Monday of its week.
    pub monday: Date,
    /// The rules a week earlier would break; none where it waits for the goals.
    pub rules: Vec<Violation>,
}

/// A counter-proposal as a document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiffAnswer {
    /// The new plan.
    #[serde(flatten)]
    pub plan: PlanAnswer,
    /// Weighted weeks by which steps move.
    pub moved: i64,
    /// Step by step.
    pub changes: Vec<Change>,
    /// What both parties got before.
    pub satisfied_before: Satisfied,
}

/// A negotiation as a document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NegotiationAnswer {
    /// The fairest plan.
    #[serde(flatten)]
    pub fairest: PlanAnswer,
    /// Three plans, the fairest first.
    pub plans: Vec<PlanAnswer>,
    /// What each party could have alone, and what stands if nobody agrees.
    pub ideal: Satisfied,
    /// What stands if nobody agrees.
    pub disagreement: Satisfied,
    /// From one ideal to the other.
    pub frontier: Vec<Satisfied>,
}

impl Satisfied {
    pub(crate) fn of(client: Satisfaction, outsourcer: Satisfaction) -> Self {
        Self {
            client: client.ratio,
            outsourcer: outsourcer.ratio,
            client_points: client.points,
            client_points_all: client.points_all,
            outsourcer_points: outsourcer.points,
            outsourcer_points_all: outsourcer.points_all,
        }
    }

    pub(crate) fn words(&self) -> String {
        format!(
            "client {:.3}, outsourcer {:.3}",
            self.client, self.outsourcer
        )
    }
}

impl PlanAnswer {
    /// Of a draft.
    pub fn of(model: &Model, draft: &Draft) -> Self {
        Self {
            hash: draft.plan.hash(model),
            weeks: draft.weeks,
            gap: draft.gap,
            steps: draft.plan.steps(model),
            satisfied: Satisfied::of(draft.client, draft.outsourcer),
            dual_cost: draft.dual_cost,
            binding: binding(model, &draft.plan),
            plan: draft.plan.clone(),
        }
    }

    /// For people: who moves when, and whose rule binds.
    pub fn text(&self) -> String {
        let gap = self
            .gap
            .map_or("unknown".into(), |gap| format!("{:.2} %", gap * 100.0));
        let mut text = format!(
            "{} steps in {} weeks; from the optimum at most {gap}; wishes met: {}\nhash {}\n",
            self.steps.len(),
            self.weeks,
            self.satisfied.words(),
            self.hash
        );
        for step in &self.steps {
            let own = self
                .binding
                .iter()
                .find(|b| b.cell == step.cell && b.step == step.step);
            let rules = own.map(|b| b.rules.iter().map(|v| format!("{} ({})", v.rule, v.owner)));
            let rules: Vec<_> = rules.into_iter().flatten().collect();
            let (monday, cell, share) = (step.monday, &step.cell, step.share_percent);
            let _ = writeln!(
                text,
                "  {monday}  {cell:<28} {share:>3} %  {}",
                rules.join(", ")
            );
        }
        text
    }
}

/// For each step, what a week earlier would break, and the plan itself does not.
pub fn binding(model: &Model, plan: &WavePlan) -> Vec<Binding> {
    let mut all = Vec::new();
    let broken = crate::checker::violations(model, plan);
    let is_new = |v: &Violation| broken.iter().all(|b| b.rule != v.rule);
    for (c, cell) in model.cells.iter().enumerate() {
        for n in 0..model.shares(cell).len() {
            let week = plan.weeks[c][n];
            let mut earlier = plan.clone();
            let Some(before) = week.checked_sub(1) else {
                continue;
            };
            earlier.weeks[c][n] = before;
            let mut rules = crate::checker::violations(model, &earlier);
            rules.retain(is_new);
            rules.dedup_by_key(|v| v.rule.clone());
            all.push(Binding {
                cell: cell.name(),
                step: u32::try_from(n + 1).unwrap_or(u32::MAX),
                monday: model.monday(week),
                rules,
            });
        }
    }
    all
}

impl DiffAnswer {
    /// Of a counter-proposal.
    pub fn of(model: &Model, counter: &Counter) -> Self {
        let draft = Draft::of(model, counter.plan.clone(), counter.gap);
        let [client, outsourcer] = counter.before;
        Self {
            plan: PlanAnswer::of(model, &draft),
            moved: counter.moved,
            changes: counter.changes.clone(),
            satisfied_before: Satisfied::of(client, outsourcer),
        }
    }

    /// For people: what moves, why, and who gains or loses.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} dates move; wishes met before: {}; after: {}\nhash {}\n",
            self.changes.len(),
            self.satisfied_before.words(),
            self.plan.satisfied.words(),
            self.plan.hash
        );
        for change in &self.changes {
            let why = change
                .why
                .iter()
                .map(|v| format!("{} ({}): {}", v.rule, v.owner, v.text));
            let why: Vec<_> = why.collect();
            let why = if why.is_empty() {
                "moves with the others".into()
            } else {
                why.join("; ")
            };
            let touches = change
                .touches
                .iter()
                .map(|t| format!("{} {:+.2}", t.owner, t.points));
            let touches: Vec<_> = touches.collect();
            let _ = writeln!(
                text,
                "  {} {} %: {} → {}  {why}  [{}]",
                change.cell,
                change.share_percent,
                change.from,
                change.to,
                touches.join(", ")
            );
        }
        text
    }
}

impl NegotiationAnswer {
    /// Of a negotiation.
    pub fn of(model: &Model, found: &Negotiation) -> Option<Self> {
        let satisfied = |p: &Position| Satisfied::of(p.client, p.outsourcer);
        let answer =
            |p: &Position| PlanAnswer::of(model, &Draft::of(model, p.plan.clone(), found.gap));
        let plans: Vec<_> = found.plans.iter().map(answer).collect();
        let [client, outsourcer] = found.disagreement;
        Some(Self {
            fairest: plans.first()?.clone(),
            plans,
            ideal: Satisfied::of(found.ideal_client.client, found.ideal_outsourcer.outsourcer),
            disagreement: Satisfied::of(client, outsourcer),
            frontier: found.frontier.iter().map(satisfied).collect(),
        })
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!(
            "Each alone could have: {}\nIf nobody agrees: {}\n",
            self.ideal.words(),
            self.disagreement.words()
        );
        for (n, plan) in (1..).zip(&self.plans) {
            let fairest = if n == 1 { ", the fairest" } else { "" };
            let words = plan.satisfied.words();
            let _ = writeln!(
                text,
                "Plan {n}{fairest}: {} weeks, {words}, hash {}",
                plan.weeks, plan.hash
            );
        }
        text.push_str("Frontier, from the client's ideal to the outsourcer's:\n");
        for point in &self.frontier {
            let _ = writeln!(text, "  {}", point.words());
        }
        text
    }
}

impl Clash {
    /// For people: what cannot hold together and what would be enough, and of both what is proved.
    pub fn text(&self) -> String {
        let mut text =
            String::from("There is no plan. It is proved that these rules cannot hold together:\n");
        for rule in &self.clash {
            let _ = writeln!(text, "  {} ({}): {}", rule.rule, rule.owner, rule.text);
        }
        text.push_str(if self.irreducible {
            "Without any one of them the others can.\n"
        } else {
            "Whether each of them is needed was not found out within the time.\n"
        });
        text.push_str(match (self.fixes.is_empty(), self.fixes_complete) {
            (true, true) => "No single change of a party's rule is enough; change two, or what moves.\n",
            (true, false) => {
                "No single change of a party's rule was found within the time that is enough; there may be one. Change two, or what moves.\n"
            }
            (false, true) => "Each of these alone makes a plan possible:\n",
            (false, false) => {
                "Each of these alone makes a plan possible; others may, they were not decided within the time:\n"
            }
        });
        for fix in &self.fixes {
            let less = if fix.least {
                ""
            } else {
                " (less may be enough: not found out within the time)"
            };
            let _ = writeln!(
                text,
                "  {} ({}): {} → {}{less}",
                fix.rule, fix.owner, fix.from, fix.to
            );
        }
        text
    }
}
