//! What the example is created with and plans: the files of `examples/riverside`, and a small one for tests that need little.

use jiff::Span;
use segue_domain::chunks::{PlannedChunk, PlannedStep};
use segue_domain::counterfactual::frozen_staffing::FreezeStaffing;
use segue_domain::covering::StaysHome;
use segue_domain::ids::ChunkId;
use segue_domain::parties::CreateTransition;
use segue_domain::schedule::{Plan, ProposePlan};
use segue_domain::share::ShareInput;
use segue_domain::waivers::Waivable;
use std::collections::BTreeSet;

/// An example: what it is created with, and its plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The first fact.
    pub create: CreateTransition,
    /// Easy before hard, one centre after the other.
    pub plan: Plan,
    /// Rules both parties and the clinical lead set aside before the plan, each for one chunk, and why: a story that has
    /// no weeks to spend.
    pub waived: Vec<(Waivable, ChunkId)>,
    /// In-house staffings that both sign before the first step, so that "had we not moved" is known.
    pub frozen: Vec<FreezeStaffing>,
}

impl Example {
    /// Riverside Health: two centres, four call types.
    ///
    /// # Panics
    /// Never: the files are compiled in, and every test reads them.
    #[expect(
        clippy::expect_used,
        reason = "the files are compiled in, and every test reads them"
    )]
    pub fn riverside() -> Self {
        let create = include_str!("../../../examples/riverside/create.json");
        let plan = include_str!("../../../examples/riverside/plan.json");
        let plan: ProposePlan = serde_json::from_str(plan).expect("examples/riverside/plan.json");
        Self {
            create: serde_json::from_str(create).expect("examples/riverside/create.json"),
            plan: plan.plan,
            waived: Vec::new(),
            frozen: Vec::new(),
        }
    }

    /// One centre, one line, one chunk of one call type.
    pub fn small() -> Self {
        let mut example = Self::riverside();
        let keep = example.plan.chunks.first().map(|c| c.id.clone());
        example.create.sites.truncate(1);
        example.create.lines.truncate(1);
        example.create.call_types.truncate(1);
        for line in &mut example.create.lines {
            line.routes.truncate(1);
        }
        example.plan.chunks.retain(|c| Some(&c.id) == keep.as_ref());
        // A centre with one call type moves in steps of 30 points at most.
        for chunk in &mut example.plan.chunks {
            let begins = chunk
                .steps
                .first()
                .map(|step| step.from)
                .unwrap_or_default();
            let step = |(week, percent): (i32, u8)| PlannedStep {
                share_percent: ShareInput::percent(percent),
                from: begins.saturating_add(Span::new().weeks(week)),
            };
            chunk.steps = (0..).zip([20, 50, 80, 100]).map(step).collect();
        }
        example
    }

    /// The same with rules set aside for every chunk of the plan.
    #[must_use]
    pub fn waiving(mut self, rules: &[Waivable]) -> Self {
        let chunks: Vec<_> = self.plan.chunks.iter().map(|c| c.id.clone()).collect();
        let each = |rule: &Waivable| {
            chunks
                .iter()
                .map(|id| (*rule, id.clone()))
                .collect::<Vec<_>>()
        };
        self.waived.extend(rules.iter().flat_map(each));
        self
    }

    /// The plan with everything of the example that it does not move staying home.
    #[must_use]
    pub fn rest_at_home(&self, mut plan: Plan) -> Plan {
        for line in &self.create.lines {
            for route in line.routes.iter().filter(|r| r.call_types.len() == 1) {
                let moves = plan.chunks.iter().any(|c| c.takes(line, route));
                let stays = |home: &StaysHome| {
                    home.line == line.id && route.call_types == [home.call_type.clone()]
                };
                if moves || plan.stays_home.iter().any(stays) {
                    continue;
                }
                plan.stays_home
                    .extend(route.call_types.iter().map(|call_type| StaysHome {
                        line: line.id.clone(),
                        call_type: call_type.clone(),
                        languages: BTreeSet::new(),
                        population: None,
                        windows: Vec::new(),
                        reason: "moves later, if at all".into(),
                    }));
            }
        }
        plan
    }

    /// The same with another plan for one chunk.
    #[must_use]
    pub fn with(mut self, id: &str, change: impl FnOnce(&mut PlannedChunk)) -> Self {
        if let Some(chunk) = self.plan.chunks.iter_mut().find(|c| c.id.as_str() == id) {
            change(chunk);
        }
        self
    }
}
