//! `segue door`: is the way home really open? Readiness by group, told in callers, and recorded for gates and separations.

use crate::cli::Global;
use crate::context::Context;
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use crate::readiness;
use clap::Args;
use segue_capacity::door::{Basis, Door, DoorGroup};
use segue_capacity::readiness::Standing;
use segue_domain::ids::SiteId;
use segue_domain::{Command, Transition};
use serde_json::{Value, json};
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
            let (door, unsorted) =
                readiness::look(&ctx.data, &state, self.site.as_ref(), ctx.now())?;
            let recorded = if self.record {
                record(&ctx, &office, &state, &door).await?
            } else {
                0
            };
            let mut text = text(&door, unsorted);
            if self.record {
                let _ = writeln!(text, "Recorded for {recorded} shifts.");
            } else if !door.groups.is_empty() {
                text.push_str("Not recorded: gates and separations stand on the last figures recorded (`segue door --record`).\n");
            }
            Ok(Answer::new(&door_json(&door, unsorted, recorded), text))
        })
    }
}

/// Records every shift's figures through the one command layer.
async fn record(
    ctx: &Context,
    office: &Office,
    state: &Transition,
    door: &Door,
) -> Result<usize, Failure> {
    let actor = login::actor(ctx).await?;
    let computed = readiness::computed(state, door);
    for (n, computed) in computed.iter().enumerate() {
        computed.keep_inputs(&ctx.data)?;
        let id = ctx.command_id.as_ref().map(|id| format!("{id}-{n}"));
        let command = Command::RecordReadiness(computed.command.clone());
        office.execute_as(ctx, &actor, id, command).await?;
    }
    Ok(computed.len())
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
        "standing": known.map(|r| r.worst.standing),
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
                // What counts is the worst interval: the gate looks at it too.
                let terms = &door.assumptions.terms;
                let word = match r.worst.standing {
                    Standing::Ready => "open".to_owned(),
                    Standing::Blocked => format!(
                        "BELOW {:.0} % at its worst: once recorded, the next wave is blocked",
                        100.0 * terms.ready
                    ),
                    Standing::Alarm => format!(
                        "BELOW {:.0} % at its worst: alarm; once recorded, moves freeze",
                        100.0 * terms.alarm
                    ),
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
