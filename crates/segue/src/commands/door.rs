//! `segue door`: is the way home really open? Readiness by group, told in callers, and recorded for gates and separations.

use crate::cli::Global;
use crate::commands::capacity::{each_call, failure};
use crate::context::Context;
use crate::data_dir::write_private;
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_capacity::door::calls::Sorter;
use segue_capacity::door::{Assumptions, Basis, Door, DoorGroup, ShiftReadiness, door};
use segue_capacity::readiness::Standing;
use segue_domain::ids::SiteId;
use segue_domain::people::fallback_minimums::Cover;
use segue_domain::people::recorded_readiness::{ReadinessFigures, RecordReadiness};
use segue_domain::{Command, Transition};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Options of `segue door`.
#[derive(Debug, Args)]
pub struct DoorCommand {
    /// One centre only
    #[arg(long, value_name = "SITE")]
    site: Option<SiteId>,
    /// Record the figures: from then on gates and separations stand on them
    #[arg(long)]
    record: bool,
}

impl DoorCommand {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            let state = office.state().await?;
            if let Some(site) = self.site.as_ref().filter(|s| state.site_zone(s).is_none()) {
                return Err(Failure::BadInput(format!("there is no centre `{site}`")));
            }
            let (door, unsorted) = look(&ctx, &state, self.site.as_ref())?;
            let recorded = if self.record {
                record(&ctx, &office, &state, &door).await?
            } else {
                0
            };
            let mut text = text(&door, unsorted);
            if self.record {
                let _ = writeln!(text, "Recorded for {recorded} shifts.");
            }
            Ok(Answer::new(&door_json(&door, unsorted, recorded), text))
        })
    }
}

/// The door as it is now, and how many calls of the records belong to no group.
fn look(ctx: &Context, state: &Transition, site: Option<&SiteId>) -> Result<(Door, u64), Failure> {
    let mut sorter = Sorter::new(state);
    each_call(ctx, None, ctx.now(), |call| sorter.add(call))?;
    let (calls, unsorted) = sorter.finish();
    let door = door(state, &calls, site, ctx.now(), &Assumptions::default()).map_err(failure)?;
    Ok((door, unsorted))
}

/// Records every shift's figures through the one command layer; what they were computed from is kept by its hash.
async fn record(
    ctx: &Context,
    office: &Office,
    state: &Transition,
    door: &Door,
) -> Result<usize, Failure> {
    let actor = login::actor(ctx).await?;
    let mut recorded = 0;
    for group in &door.groups {
        for shift in &group.shifts {
            let Some(cover) = cover(state, group, shift) else {
                continue;
            };
            let inputs = serde_json::to_string(&shift.readiness.worst)
                .map_err(|e| Failure::Internal(e.into()))?;
            let hash = hex::encode(Sha256::digest(&inputs));
            let kept = ctx.data.path("door");
            std::fs::create_dir_all(&kept)
                .map_err(|e| Failure::Unavailable(format!("{} ({e})", kept.display())))?;
            write_private(&kept.join(format!("{hash}.json")), &inputs)?;
            let command = Command::RecordReadiness(RecordReadiness {
                cover,
                figures: figures(shift, hash),
            });
            office.execute(ctx, &actor, command).await?;
            recorded += 1;
        }
    }
    Ok(recorded)
}

fn cover(t: &Transition, group: &DoorGroup, shift: &ShiftReadiness) -> Option<Cover> {
    let mut types = t
        .call_types
        .iter()
        .map(segue_domain::ladder::CallType::rung);
    Some(Cover {
        site: SiteId::from(group.group.site.as_str()),
        rung: types.find(|rung| rung.to_string() == group.group.skill)?,
        shift: shift.shift.clone(),
    })
}

/// Basis points, rounded down: 94.99 % is not 95 %.
fn figures(shift: &ShiftReadiness, inputs: String) -> ReadinessFigures {
    let worst = &shift.readiness.worst;
    let [now, quarter, two_hours, day] = worst.basis_points();
    ReadinessFigures {
        now_bp: now,
        within_15min_bp: quarter,
        within_2h_bp: two_hours,
        within_24h_bp: day,
        keep: worst.keep.unwrap_or(0),
        worst_interval: worst.start,
        inputs,
    }
}

fn door_json(door: &Door, unsorted: u64, recorded: usize) -> Value {
    let groups: Vec<_> = door.groups.iter().map(group_json).collect();
    json!({
        "groups": groups,
        "door": summary(door),
        "assumptions": door.assumptions,
        "calls_of_no_group": unsorted,
        "recorded_shifts": recorded,
        "at": door.at,
    })
}

/// The least ready group of all, by horizon.
fn summary(door: &Door) -> Value {
    let least = door.least.as_ref();
    json!({
        "r_now": least.map(|l| l.now),
        "r_15m": least.map(|l| l.within_15min),
        "r_2h": least.map(|l| l.within_2h),
        "r_24h": least.map(|l| l.within_24h),
    })
}

fn group_json(group: &DoorGroup) -> Value {
    let known = group.readiness.as_ref();
    let now = known.map(|r| &r.now);
    json!({
        "site": group.group.site,
        "skill": group.group.skill,
        "readiness_now": now.map(|i| i.now),
        "readiness_15min": now.map(|i| i.within_15min),
        "readiness_2h": now.map(|i| i.within_2h),
        "readiness_24h": now.map(|i| i.within_24h),
        "standing": now.map(|i| i.standing),
        "worst_interval": known.map(|r| &r.worst),
        "short_of": now.and_then(|i| i.short_of),
        "agents_needed": now.map(|i| i.agents_needed),
        "keep": now.and_then(|i| i.keep),
        "hang_ups": now.map(|i| &i.hang_ups),
        "inputs": now.map(|i| &i.inputs),
        "basis": group.basis,
        "missing": group.missing,
        "assumed": group.assumed,
    })
}

fn text(door: &Door, unsorted: u64) -> String {
    let mut text = String::new();
    if door.groups.is_empty() {
        text.push_str("No chunk is open: nothing could come home.\n");
    }
    for group in &door.groups {
        let name = format!("{} {}", group.group.site, group.group.skill);
        match &group.readiness {
            None => {
                let _ = writeln!(text, "{name}: unknown");
            }
            Some(r) => {
                let now = &r.now;
                let word = match now.standing {
                    Standing::Ready => "open",
                    Standing::Blocked => "BELOW 95 %: the next wave is blocked",
                    Standing::Alarm => "BELOW 80 %: alarm, moves freeze",
                };
                // Rounded down: 94.99 % is not 95 %.
                let [at_once, quarter, two_hours, day] = now.basis_points().map(|bp| bp / 100);
                let _ = writeln!(
                    text,
                    "{name}: {at_once} % now, {quarter} % in 15 min, {two_hours} % in 2 h, {day} % in a day — {word}\n  {}; {} agents needed, {} people to keep; worst {} at {} %",
                    now.hang_ups.words(),
                    now.agents_needed,
                    now.keep
                        .map_or_else(|| "no number of".into(), |n| n.to_string()),
                    r.worst.start,
                    r.worst.basis_points()[0] / 100,
                );
            }
        }
        for missing in &group.missing {
            let _ = writeln!(text, "  missing: {missing}");
        }
        for assumed in &group.assumed {
            let _ = writeln!(text, "  assumed: {assumed}");
        }
        if group.basis == Some(Basis::CallRecords) {
            text.push_str("  from the imported call records\n");
        }
    }
    if unsorted > 0 {
        let _ = writeln!(
            text,
            "{unsorted} calls of the records belong to no group (no known call type, or a number of no centre)"
        );
    }
    text
}
