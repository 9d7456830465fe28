//! How a proposed plan differs from the one before.

use crate::trouble::{Done, Trouble, wanting};
use jiff::Span;
use jiff::civil::Date;
use segue_domain::chunks::{PlannedChunk, PlannedStep};
use segue_domain::ids::ChunkId;
use segue_domain::schedule::Plan;
use segue_domain::share::ShareInput;
use segue_domain::windows::ShiftWindow;

/// The whole ramp begins on another date and keeps its rhythm.
pub(super) fn begins(plan: &mut Plan, id: &ChunkId, on: Date) -> Done {
    let chunk = planned(plan, id)?;
    let Some(first) = chunk.starts_on() else {
        return Ok(());
    };
    let days = (on - first).get_days();
    for step in &mut chunk.steps {
        let moved = step.from.checked_add(Span::new().days(days));
        step.from = moved.map_err(|e| wanting("a date on the calendar", e.to_string()))?;
    }
    Ok(())
}

/// One step, counted from 1, moves.
pub(super) fn step_on(plan: &mut Plan, id: &ChunkId, step: usize, on: Date) -> Done {
    let chunk = planned(plan, id)?;
    let count = chunk.steps.len();
    let found = step.checked_sub(1).and_then(|n| chunk.steps.get_mut(n));
    let found = found.ok_or_else(|| wanting(format!("a step {step}"), format!("{count} steps")));
    found?.from = on;
    Ok(())
}

/// Other shares at the same dates.
pub(super) fn ramp(plan: &mut Plan, id: &ChunkId, percents: &[u8]) -> Done {
    let chunk = planned(plan, id)?;
    for (step, percent) in chunk.steps.iter_mut().zip(percents) {
        step.share_percent = ShareInput::percent(*percent);
    }
    Ok(())
}

/// The chunk and a second one of the same calls, each with a single step.
pub(super) fn twins(plan: &mut Plan, id: &ChunkId, percents: [u8; 2]) -> Done {
    let chunk = planned(plan, id)?;
    let mut twin = second(chunk);
    twin.steps = single(&twin, percents[1]);
    chunk.steps = single(chunk, percents[0]);
    plan.chunks.push(twin);
    Ok(())
}

/// The chunk is two, one per window.
pub(super) fn in_windows(plan: &mut Plan, id: &ChunkId, windows: &[String; 2]) -> Done {
    let open = |window: &String| vec![ShiftWindow::new(window, "America/New_York")];
    let chunk = planned(plan, id)?;
    let mut twin = second(chunk);
    twin.windows = open(&windows[1]);
    chunk.windows = open(&windows[0]);
    plan.chunks.push(twin);
    Ok(())
}

fn planned<'p>(plan: &'p mut Plan, id: &ChunkId) -> Result<&'p mut PlannedChunk, Trouble> {
    let found = plan.chunks.iter_mut().find(|c| c.id == *id);
    found.ok_or_else(|| wanting(format!("{id} in the plan"), "no such chunk"))
}

/// The same calls under a second name.
fn second(chunk: &PlannedChunk) -> PlannedChunk {
    PlannedChunk {
        id: format!("{}-2", chunk.id).as_str().into(),
        ..chunk.clone()
    }
}

fn single(chunk: &PlannedChunk, percent: u8) -> Vec<PlannedStep> {
    let first = chunk.steps.first().cloned().map(|step| PlannedStep {
        share_percent: ShareInput::percent(percent),
        ..step
    });
    first.into_iter().collect()
}
