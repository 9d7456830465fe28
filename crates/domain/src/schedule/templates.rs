//! A draft plan from twelve answers: one centre at a time, easy before hard, in small steps, within the floors and around
//! both parties' constraints (A4). Everything in it can be edited; gates are no part of a plan and cannot be deleted.

use super::constraints::in_force;
use super::items::{Activity, PlanItem};
use super::judge::Calendar;
use super::rush::{Floor, Needed};
use super::{Plan, days, today};
use crate::caps::has_single_type;
use crate::chunks::{CutOffAction, PlannedChunk, PlannedStep};
use crate::covering::StaysHome;
use crate::ids::{CallTypeId, ChunkId, LineId, PersonId, PlanItemId, SiteId};
use crate::ladder::Rung;
use crate::lines::{LineRoute, bad};
use crate::refusal::Refusal;
use crate::share::ShareInput;
use crate::text;
use crate::transition::Transition;
use crate::windows::ShiftWindow;
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How far ahead a date is looked for that keeps every constraint.
const AHEAD_DAYS: i64 = 1_100;
/// Longest chunk name that is made of centre and call type.
const NAME_CHARS_MAX: usize = 64;

/// When calls move.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// Around the clock.
    #[default]
    Always,
    /// At a part of the hours: after hours.
    Within {
        /// When calls move.
        moves: ShiftWindow,
        /// All other hours: calls stay home.
        stays: ShiftWindow,
    },
}

/// Whom the callers ask about.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// Adults.
    #[default]
    Adult,
    /// Children.
    Paediatric,
    /// Both.
    Both,
}

/// How large the steps are.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// 20, 40, 60, 80, 100 %; triage 10, 20, 40, 60, 80, 100 %.
    #[default]
    Careful,
    /// 20, 50, 100 % where that stays within the caps; elsewhere as careful.
    Usual,
}

/// The twelve answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Answers {
    /// 1. Which centres move, in which order? Empty: all, as created.
    #[serde(default)]
    pub centres: Vec<SiteId>,
    /// 2. Which call types move? Empty: all.
    #[serde(default)]
    pub call_types: Vec<CallTypeId>,
    /// 3. At which hours?
    #[serde(default)]
    pub hours: Hours,
    /// 4. Adults, children or both?
    #[serde(default)]
    pub population: Population,
    /// 5. In which states do the callers live? Two letters each.
    #[serde(default)]
    pub states: Vec<String>,
    /// 6. In which languages do they speak?
    #[serde(default)]
    pub languages: Vec<String>,
    /// 7. No step before this day.
    #[schemars(with = "String")]
    pub first_step: Date,
    /// 8. How large are the steps?
    #[serde(default)]
    pub pace: Pace,
    /// 9. How many people does the outsourcer train for each chunk?
    pub people: u32,
    /// 10. How many learn in one cohort?
    pub cohort: u32,
    /// 11. How many days from the start of one cohort to the next?
    pub cohort_every_days: u32,
    /// 12. Who owns the preparation?
    pub owner: PersonId,
}

/// The draft, as it grows.
struct Draft<'t> {
    t: &'t Transition,
    answers: &'t Answers,
    now: Timestamp,
    plan: Plan,
    /// The next step is not before this date.
    free: Date,
    /// The next cohort is not before this date.
    cohort: Date,
    trained: u32,
}

/// The draft plan.
///
/// # Errors
/// `BAD_FACT` or `UNKNOWN` for answers that fit nothing created; and whatever rule no date can keep.
pub fn draft(t: &Transition, answers: &Answers, now: Timestamp) -> Result<Plan, Refusal> {
    let plan = outline(t, answers, now)?;
    super::check(t, &plan, now).map(|()| plan)
}

/// The draft before it is checked: its chunks, shares and preparation, with dates that may break a rule. The wave planner
/// looks for better ones.
///
/// # Errors
/// `BAD_FACT` or `UNKNOWN` for answers that fit nothing created.
pub fn outline(t: &Transition, answers: &Answers, now: Timestamp) -> Result<Plan, Refusal> {
    check(t, answers)?;
    let today = today(t, None, now);
    let mut draft = Draft {
        t,
        answers,
        now,
        plan: Plan::default(),
        free: answers.first_step.max(today),
        cohort: days::after(today, 1),
        trained: 0,
    };
    let all: Vec<_> = t.sites.iter().map(|site| site.id.clone()).collect();
    let centres = if answers.centres.is_empty() {
        &all
    } else {
        &answers.centres
    };
    draft.licences();
    for site in centres {
        for (call_type, lines) in types_of(t, answers, site) {
            draft.chunk(site, &call_type, lines);
        }
    }
    if draft.plan.chunks.is_empty() {
        return Err(bad(
            "a call type that arrives alone on a line of a centre named".into(),
        ));
    }
    draft.rest_at_home();
    Ok(draft.plan)
}

fn check(t: &Transition, answers: &Answers) -> Result<(), Refusal> {
    for site in &answers.centres {
        if t.site_zone(site).is_none() {
            return Err(bad(format!(
                "a centre that was created instead of `{site}`"
            )));
        }
    }
    text::list("centres", &answers.centres)?;
    text::list("states", &answers.states)?;
    text::list("languages", &answers.languages)?;
    if answers
        .centres
        .iter()
        .enumerate()
        .any(|(n, s)| answers.centres[..n].contains(s))
    {
        return Err(bad("each centre once".into()));
    }
    let state = |s: &String| s.len() == 2 && s.chars().all(|c| c.is_ascii_uppercase());
    if !answers.states.iter().all(state) {
        return Err(bad("two capital letters for each state".into()));
    }
    for language in &answers.languages {
        text::title("a language", language)?;
    }
    let cohorts = answers.people.div_ceil(answers.cohort.max(1));
    if answers.cohort == 0 || answers.cohort_every_days == 0 || !(1..=20).contains(&cohorts) {
        return Err(bad(
            "people to train in 1 to 20 cohorts, some days apart".into()
        ));
    }
    Ok(())
}

/// The call types of a centre, easiest first, each with the lines it arrives on alone.
fn types_of(t: &Transition, answers: &Answers, site: &SiteId) -> Vec<(CallTypeId, Vec<LineId>)> {
    let mut kinds: Vec<_> = t.call_types.iter().collect();
    kinds.sort_by_key(|kind| kind.rung());
    let asked = |id: &CallTypeId| answers.call_types.is_empty() || answers.call_types.contains(id);
    kinds
        .into_iter()
        .filter(|kind| asked(&kind.id))
        .map(|kind| {
            let alone = |r: &LineRoute| r.call_types.as_slice() == std::slice::from_ref(&kind.id);
            let lines = t.lines.iter().filter(|l| l.site == *site);
            let lines = lines.filter(|l| l.routes.iter().any(alone));
            (kind.id.clone(), lines.map(|l| l.id.clone()).collect())
        })
        .filter(|(_, lines): &(_, Vec<_>)| !lines.is_empty())
        .collect()
}

impl Draft<'_> {
    /// Nurses need licences where the callers are.
    fn licences(&mut self) {
        let asked = |id| self.answers.call_types.is_empty() || self.answers.call_types.contains(id);
        let kinds = self.t.call_types.iter().filter(|kind| asked(&kind.id));
        if kinds.map(crate::ladder::CallType::rung).max() < Some(Rung::Consult)
            || self.answers.states.is_empty()
        {
            return;
        }
        let what = format!("nurses' licences in {}", self.answers.states.join(", "));
        let back = "route callers of the state home";
        self.item(
            Activity::Licensing,
            &what,
            None,
            (self.cohort, self.cohort),
            back,
            0,
        );
    }

    /// One chunk: cohorts, tests, drill, announcement, steps; the next one builds on its soak.
    fn chunk(&mut self, site: &SiteId, call_type: &CallTypeId, lines: Vec<LineId>) {
        let rung = self.t.rung(call_type).unwrap_or(Rung::Triage);
        let mut chunk = PlannedChunk {
            id: self.name(site, call_type),
            site: site.clone(),
            lines,
            call_type: call_type.clone(),
            languages: BTreeSet::new(),
            population: None,
            weekly_contacts: None,
            windows: match &self.answers.hours {
                Hours::Always => Vec::new(),
                Hours::Within { moves, .. } => vec![moves.clone()],
            },
            steps: Vec::new(),
            cut_off_action: CutOffAction::default(),
            coverage: coverage(self.answers, rung).collect(),
        };
        let needed = Needed::of(self.t, &chunk);
        let floor = needed.floor;
        // The items name the chunk, and its constraints are asked for: it is in the plan before its steps are.
        let at = self.plan.chunks.len();
        self.plan.chunks.push(chunk.clone());
        let tests_from = self.train(&chunk, floor);
        let ready = days::after_working(tests_from, floor.test_days.max(1));
        self.test(&chunk, tests_from, ready);
        let mut not_before = self.free.max(ready);
        for percent in self.shares(&chunk, rung) {
            chunk.steps.push(PlannedStep {
                share_percent: ShareInput::percent(percent),
                from: not_before,
            });
            self.plan.chunks[at] = chunk.clone();
            let from = self.allowed(not_before);
            if let Some(step) = chunk.steps.last_mut() {
                step.from = from;
            }
            not_before = days::after_working(from, floor.step_days.max(1));
        }
        let last = chunk.steps.last().map_or(self.free, |step| step.from);
        self.free = needed.soaked(last).max(days::after(last, 1));
        self.plan.chunks[at] = chunk;
    }

    /// What the answers leave out stays where it is.
    fn rest_at_home(&mut self) {
        for line in &self.t.lines {
            for route in line.routes.iter().filter(|r| r.call_types.len() == 1) {
                let moves = self.plan.chunks.iter().any(|c| c.takes(line, route));
                let windows = match &self.answers.hours {
                    Hours::Within { stays, .. } if moves => vec![stays.clone()],
                    Hours::Always if moves => continue,
                    _ => Vec::new(),
                };
                let homes = route.call_types.iter().map(|call_type| StaysHome {
                    line: line.id.clone(),
                    call_type: call_type.clone(),
                    languages: route.languages.clone(),
                    population: route.population.clone(),
                    windows: windows.clone(),
                    reason: "not asked to move when the plan was drafted".into(),
                });
                self.plan.stays_home.extend(homes);
            }
        }
    }

    fn name(&self, site: &SiteId, call_type: &CallTypeId) -> ChunkId {
        let name = format!("{site}/{call_type}");
        if name.len() <= NAME_CHARS_MAX {
            ChunkId(name)
        } else {
            ChunkId(format!("chunk-{}", self.plan.chunks.len() + 1))
        }
    }

    /// The date of the step or training that was added last, moved on until no hard constraint forbids it.
    fn allowed(&self, from: Date) -> Date {
        let calendar = Calendar::of(self.t, &self.plan, self.now);
        let hard: Vec<_> = in_force(self.t).filter(|c| c.is_hard()).collect();
        let found = calendar.newest(&self.plan).and_then(|dated| {
            let to = days::after(from, AHEAD_DAYS);
            calendar.first_allowed(&hard, dated, from, to, |on| is_quiet(on, dated.is_step()))
        });
        found.unwrap_or(from)
    }

    /// Trains everybody in cohorts; the day after the last one ends.
    fn train(&mut self, chunk: &PlannedChunk, floor: Floor) -> Date {
        let mut left = self.answers.people;
        let mut trained = self.cohort;
        while left > 0 {
            let people = left.min(self.answers.cohort);
            left -= people;
            self.trained += 1;
            let what = format!(
                "training of cohort {} for {}",
                self.trained, chunk.call_type
            );
            let back = "train again with the next cohort";
            let from = self.cohort;
            self.item(
                Activity::Training,
                &what,
                Some(&chunk.id),
                (from, from),
                back,
                people,
            );
            let from = self.allowed(from);
            let due = days::after(days::after_working(from, floor.training_days.max(1)), -1);
            if let Some(item) = self.plan.items.last_mut() {
                (item.from, item.due) = (from, due);
            }
            trained = trained.max(days::after(due, 1));
            self.cohort = days::after(from, i64::from(self.answers.cohort_every_days));
        }
        trained
    }

    fn test(&mut self, chunk: &PlannedChunk, from: Date, ready: Date) {
        let id = Some(&chunk.id);
        let last = days::after(ready, -1).max(from);
        let kind = &chunk.call_type;
        let again = "keep the calls in-house and test again";
        for (activity, what) in [
            (Activity::Testing, format!("test calls for {kind}")),
            (Activity::Drill, format!("fallback drill for {kind}")),
        ] {
            self.item(activity, &what, id, (from, last), again, 0);
        }
        let told = format!("staff and practices told about {kind}");
        let back = "tell them the date has moved";
        self.item(Activity::Announcement, &told, id, (from, last), back, 0);
    }

    fn item(
        &mut self,
        activity: Activity,
        what: &str,
        chunk: Option<&ChunkId>,
        (from, due): (Date, Date),
        rollback: &str,
        people: u32,
    ) {
        self.plan.items.push(PlanItem {
            id: PlanItemId(format!("I-{}", self.plan.items.len() + 1)),
            activity,
            what: what.to_owned(),
            chunk: chunk.cloned(),
            owner: self.answers.owner.clone(),
            from,
            due,
            rollback: rollback.to_owned(),
            people,
        });
    }

    /// The shares of a ramp, within the caps (§7.9).
    fn shares(&self, chunk: &PlannedChunk, rung: Rung) -> Vec<u8> {
        let all = self.t.baselines.weekly_contacts();
        let own = self.t.baselines.of(&chunk.site, &chunk.call_type);
        let own = own.map_or(all, |b| u64::from(b.weekly_contacts));
        // The largest step of 20, 50, 100 moves half of the chunk.
        let cap = u64::from(self.t.terms.caps.step_contacts_percent_max);
        let small = own * 50 <= all * cap && all > 0 && !has_single_type(self.t, &chunk.site);
        match (rung, self.answers.pace) {
            (Rung::Triage, _) => vec![10, 20, 40, 60, 80, 100],
            (_, Pace::Usual) if small => vec![20, 50, 100],
            _ => vec![20, 40, 60, 80, 100],
        }
    }
}

/// Steps are taken Mondays to Thursdays, cohorts begin on working days (§4.4: nothing changes into a weekend).
fn is_quiet(on: Date, step: bool) -> bool {
    match on.weekday() {
        Weekday::Saturday | Weekday::Sunday => false,
        Weekday::Friday => !step,
        _ => true,
    }
}

/// The cells that must be tested: type × shift × language, and each population by itself.
fn coverage(answers: &Answers, rung: Rung) -> impl Iterator<Item = String> {
    let shifts: &[&str] = match answers.hours {
        Hours::Always => &["day", "night", "weekend"],
        Hours::Within { .. } => &["after hours"],
    };
    let populations: &[&str] = match answers.population {
        Population::Both => &[" × adult", " × paediatric"],
        Population::Adult | Population::Paediatric => &[""],
    };
    let mut languages = answers.languages.clone();
    if languages.is_empty() {
        languages.push("English".into());
    }
    shifts.iter().flat_map(move |shift| {
        let languages = languages.clone();
        languages.into_iter().flat_map(move |language| {
            let cell = format!("{rung} × {shift} × {language}");
            populations.iter().map(move |p| format!("{cell}{p}"))
        })
    })
}
