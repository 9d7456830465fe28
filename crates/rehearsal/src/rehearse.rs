//! The rehearsal: the plan agreed by the rules, lived through many times, beside no move and a mass cutover.

use crate::calls::Calls;
use crate::course::Course;
use crate::error::RehearsalError;
use crate::guards::{LIVES, Unmoved};
use crate::injections::{Injection, Release, Script};
use crate::live::{Agreed, Lived, live};
use crate::play;
use crate::report::{Report, Told};
use crate::setting::{HOUR_US, Setting};
use crate::signing;
use crate::tally::Tally;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use segue_domain::chunks::PlannedStep;
use segue_domain::people::separations::PlanSeparation;
use segue_domain::schedule::{self, Plan};
use segue_domain::share::ShareInput;
use segue_domain::{Code, Refusal, Role, Side, Transition, apply, decide};
use segue_example::{Example, Goal, MOVES_MAX, Move, of};
use serde::Serialize;
use std::collections::BTreeMap;

/// Weeks from the first day of preparation to the first step.
const PREPARED_WEEKS: i32 = 8;
/// Days played after the last planned step: soak and acceptance, and what slipped until then.
const AFTER_DAYS: i32 = 42;
/// Runs of one rehearsal at most.
pub const RUNS_MAX: u32 = 2_000;

/// How many runs, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Runs {
    /// With people, rules and floors deciding anew.
    pub full: u32,
    /// With other chance along what a full run decided.
    pub outcome_only: u32,
}

/// Everything a rehearsal is played from.
#[derive(Clone, Copy, Debug)]
pub struct Rehearsal<'a> {
    /// The transition's facts and the plan, with the people who carry it out.
    pub example: &'a Example,
    /// The calls.
    pub calls: &'a Calls,
    /// Holidays in the calendar, with what people call them: such a day of the plan is left out.
    pub holidays: &'a BTreeMap<Date, String>,
    /// What is assumed, what goes wrong, who leaves.
    pub script: &'a Script,
    /// How many runs.
    pub runs: Runs,
    /// The seed of every draw.
    pub seed: u64,
    /// Threads to play on; the report is the same for any number.
    pub threads: usize,
}

/// One replication: the same chance under three plans.
pub(crate) struct Compared {
    pub(crate) plan: Tally,
    pub(crate) no_move: Tally,
    pub(crate) cutover: Tally,
}

/// Plays it.
///
/// # Errors
/// [`RehearsalError::Refused`] where a rule of the trade refuses the plan or somebody's leaving;
/// [`RehearsalError::BadInput`] where calls, plan and script do not fit together.
pub fn rehearse(asked: &Rehearsal<'_>) -> Result<Report, RehearsalError> {
    let runs = asked.runs;
    if runs.full == 0 || runs.full.saturating_add(runs.outcome_only) > RUNS_MAX {
        return Err(RehearsalError::BadInput(format!(
            "at least one full run and at most {RUNS_MAX} runs"
        )));
    }
    let (first, last) = dates(&asked.example.plan)?;
    check_chunks(&asked.example.plan, asked.script)?;
    let (t, now) = agreed(asked.example, first)?;
    released(&t, &asked.script.release, now)?;
    let period = (days_after(first, -7), days_after(last, AFTER_DAYS));
    let setting = Setting::new(
        &t,
        asked.calls,
        asked.script,
        period,
        asked.holidays,
        asked.seed,
    )?;
    let goals: Vec<_> = in_order(&asked.example.plan).map(Goal::Accepted).collect();
    let still = play::no_move(&setting);
    let floors = signing::sign(&setting, &t, &still);
    let mut unmoved = Unmoved::of(&setting, &t);
    for life in on_threads(asked.threads, LIVES, |n| unmoved.life(&setting, &still, n)) {
        unmoved.add(life);
    }
    let agreed = Agreed {
        example: asked.example,
        t: &t,
        goals: &goals,
        floors: &floors,
        unmoved: &unmoved,
    };
    let lived: Vec<Lived> = on_threads(asked.threads, runs.full, |n| {
        live(&setting, &agreed, n.into())
    });
    let cutover_us = crate::calls::midnight_us(first, &setting.zone)? + 10 * HOUR_US;
    let cutover = play::mass_cutover(&setting, cutover_us);
    let compared = on_threads(asked.threads, runs.full + runs.outcome_only, |n| {
        compare(&setting, &lived, &still, &cutover, n)
    });
    let hours = |course: &Course| course.people_hours(setting.to_us);
    let of_plan: u64 = lived.iter().map(|l| hours(&l.course)).sum();
    let people_hours = [
        of_plan / u64::from(runs.full),
        hours(&still),
        hours(&cutover),
    ];
    Ok(Report::new(&Told {
        setting: &setting,
        plan: &asked.example.plan,
        lived: &lived,
        compared: &compared,
        runs,
        floors: &floors,
        people_hours,
        refused_cutover: cutover_breaks(&t, &asked.example.plan, now),
    }))
}

fn compare(
    setting: &Setting,
    lived: &[Lived],
    still: &Course,
    cutover: &Course,
    n: u32,
) -> Compared {
    let replication = u64::from(n);
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    let plan = match lived.get(n) {
        Some(own) => own.tally.clone(),
        None => play::play(setting, &lived[n % lived.len()].course, replication),
    };
    Compared {
        plan,
        no_move: play::play(setting, still, replication),
        cutover: play::play(setting, cutover, replication),
    }
}

/// Results in order, whatever thread made them.
fn on_threads<T: Send>(threads: usize, n: u32, make: impl Fn(u32) -> T + Sync) -> Vec<T> {
    let threads = u32::try_from(threads).unwrap_or(1).clamp(1, n.max(1));
    let every = |first: u32| {
        (first..n)
            .step_by(threads as usize)
            .map(&make)
            .collect::<Vec<_>>()
    };
    let mut parts: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || every(first)))
            .collect();
        let done = |worker: std::thread::ScopedJoinHandle<'_, Vec<T>>| match worker.join() {
            Ok(part) => part.into_iter(),
            Err(panic) => std::panic::resume_unwind(panic),
        };
        workers.into_iter().map(done).collect()
    });
    let mut all = Vec::with_capacity(n as usize);
    for k in 0..n {
        all.extend(parts[(k % threads) as usize].next());
    }
    all
}

/// The chunks in the order of their first steps.
fn in_order(plan: &Plan) -> impl Iterator<Item = segue_domain::ids::ChunkId> {
    let mut chunks: Vec<_> = plan.chunks.iter().collect();
    chunks.sort_by_key(|chunk| chunk.steps.iter().map(|s| s.from).min());
    chunks
        .into_iter()
        .map(|chunk| chunk.id.clone())
        .collect::<Vec<_>>()
        .into_iter()
}

fn dates(plan: &Plan) -> Result<(Date, Date), RehearsalError> {
    let steps = || {
        plan.chunks
            .iter()
            .flat_map(|chunk| &chunk.steps)
            .map(|s| s.from)
    };
    let none = || RehearsalError::BadInput("the plan has no step with a date".into());
    Ok((
        steps().min().ok_or_else(none)?,
        steps().max().ok_or_else(none)?,
    ))
}

fn check_chunks(plan: &Plan, script: &Script) -> Result<(), RehearsalError> {
    let known = |id: &str| plan.chunks.iter().any(|chunk| chunk.id.as_str() == id);
    for injection in &script.injection {
        if let Injection::TestFailure { chunk, .. } = injection
            && !known(chunk)
        {
            let all: Vec<_> = plan.chunks.iter().map(|c| c.id.to_string()).collect();
            return Err(RehearsalError::BadInput(format!(
                "the script names the chunk {chunk}; the plan has {}",
                all.join(", ")
            )));
        }
    }
    Ok(())
}

/// Everybody does what comes before the plan, and both sign it; a rule that is broken refuses it here as it would there.
fn agreed(example: &Example, first: Date) -> Result<(Transition, Timestamp), RehearsalError> {
    let begin = first.saturating_sub(Span::new().weeks(PREPARED_WEEKS));
    let zone = example
        .create
        .sites
        .first()
        .and_then(|s| TimeZone::get(&s.zone).ok());
    let begin = zone
        .unwrap_or(TimeZone::UTC)
        .to_timestamp(begin.at(9, 0, 0, 0))
        .map_err(|e| RehearsalError::BadInput(format!("the plan begins at no time: {e}")))?;
    let (mut t, mut now) = (Transition::default(), begin);
    t.id = "rehearsal".into();
    for _ in 0..MOVES_MAX {
        match example.next(&t, &Goal::Agreed, now) {
            None => return Ok((t, now)),
            Some(Move::Wait(at)) => now = at,
            Some(Move::Say(said)) => {
                let (actor, command) = *said;
                for event in decide(&t, &command, &actor, now)? {
                    apply(&mut t, &event);
                }
            }
        }
    }
    Err(RehearsalError::BadInput(
        "the people of the rehearsal find no way to an agreed plan".into(),
    ))
}

/// Asks the rules about everybody who is to leave.
fn released(t: &Transition, releases: &[Release], now: Timestamp) -> Result<(), RehearsalError> {
    let mut t = t.clone();
    for release in releases {
        let leave = PlanSeparation {
            staff: release.staff.as_str().into(),
            on: release.on,
            path: release.path,
        };
        let hr = of(Side::Client, Role::HumanResources);
        for event in decide(&t, &leave.into(), &hr, now)? {
            apply(&mut t, &event);
        }
    }
    Ok(())
}

/// The rules that refuse to move everything on the first day.
fn cutover_breaks(t: &Transition, plan: &Plan, now: Timestamp) -> Vec<Code> {
    let mut all = plan.clone();
    let first = plan
        .chunks
        .iter()
        .flat_map(|c| &c.steps)
        .map(|s| s.from)
        .min();
    for chunk in &mut all.chunks {
        chunk.steps = first
            .into_iter()
            .map(|from| PlannedStep {
                share_percent: ShareInput::percent(100),
                from,
            })
            .collect();
    }
    let mut codes: Vec<_> = schedule::violations(t, &all, now)
        .into_iter()
        .map(|refusal: Refusal| refusal.code)
        .collect();
    codes.sort();
    codes.dedup();
    codes
}

fn days_after(day: Date, days: i32) -> Date {
    day.saturating_add(Span::new().days(days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::{Expected, from_forecast};
    use segue_capacity::simulate::INTERVAL_US;

    /// A week of calls on one number, a quarter of an hour like the other.
    fn calls() -> Calls {
        let monday_us = 1_799_038_800_000_000;
        let expected: Vec<_> = (0..7 * 96)
            .map(|n| Expected {
                from_us: monday_us + n * INTERVAL_US,
                route: 0,
                calls: 3.0,
                aht_s: 240.0,
            })
            .collect();
        from_forecast(vec!["7001".into()], &expected, 5)
    }

    #[test]
    fn outcome_only_along_a_full_run_with_its_own_chance_is_that_run() {
        let example = Example::small();
        let (first, last) = dates(&example.plan).expect("dates");
        let (t, _) = agreed(&example, first).expect("an agreed plan");
        let period = (days_after(first, -7), days_after(last, AFTER_DAYS));
        let script = Script::default();
        let setting =
            Setting::new(&t, &calls(), &script, period, &BTreeMap::new(), 9).expect("a setting");
        let goals: Vec<_> = in_order(&example.plan).map(Goal::Accepted).collect();
        let agreed = Agreed {
            example: &example,
            t: &t,
            goals: &goals,
            floors: &[],
            unmoved: &Unmoved::of(&setting, &t),
        };
        let lived = live(&setting, &agreed, 2);
        assert!(
            lived.steps.iter().any(|step| step.percent == 100),
            "{:?}",
            lived.log
        );
        assert_eq!(play::play(&setting, &lived.course, 2), lived.tally);
        assert_ne!(play::play(&setting, &lived.course, 3), lived.tally);
    }
}
