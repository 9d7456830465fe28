//! Fallback readiness computed from the transition and the imported call records, for the command line and for the running
//! service: one way to look, one way to record.

use crate::commands::capacity::{each_call, failure};
use crate::data_dir::{DataDir, write_private};
use crate::output::Failure;
use jiff::Timestamp;
use segue_capacity::door::calls::Sorter;
use segue_capacity::door::{Assumptions, Door, DoorGroup, ShiftReadiness, door};
use segue_domain::Transition;
use segue_domain::ids::SiteId;
use segue_domain::people::fallback_minimums::Cover;
use segue_domain::people::recorded_readiness::{KEEP_MAX, ReadinessFigures, RecordReadiness};
use serde_json::json;
use sha2::{Digest, Sha256};

/// One shift's readiness, ready to be recorded.
#[derive(Clone, Debug)]
pub struct Computed {
    /// What is recorded.
    pub command: RecordReadiness,
    /// What it was computed from; the command holds its hash.
    inputs: String,
}

impl Computed {
    /// Keeps what it was computed from, once, under its hash.
    pub fn keep_inputs(&self, data: &DataDir) -> Result<(), Failure> {
        let folder = data.path("door");
        std::fs::create_dir_all(&folder)
            .map_err(|e| Failure::Unavailable(format!("{} ({e})", folder.display())))?;
        let kept = folder.join(format!("{}.json", self.command.figures.inputs));
        if kept.exists() {
            return Ok(());
        }
        write_private(&kept, &self.inputs)
    }
}

/// The door as it is now, and how many calls of the records belong to no group.
pub fn look(
    data: &DataDir,
    state: &Transition,
    site: Option<&SiteId>,
    now: Timestamp,
) -> Result<(Door, u64), Failure> {
    let mut sorter = Sorter::new(state);
    each_call(data, state, None, now, |call| sorter.add(call))?;
    let (calls, unsorted) = sorter.finish();
    let door = door(state, &calls, site, now, &Assumptions::signed(state)).map_err(failure)?;
    Ok((door, unsorted))
}

/// Every shift of a door.
pub fn computed(state: &Transition, door: &Door) -> Vec<Computed> {
    let shifts = door.groups.iter().flat_map(|group| {
        let shifts = group.shifts.iter();
        shifts.filter_map(move |shift| Some((cover(state, group, shift)?, shift)))
    });
    shifts
        .map(|(cover, shift)| {
            let inputs = json!({
                "cover": cover,
                "assumptions": door.assumptions,
                "worst": shift.readiness.worst,
            })
            .to_string();
            let hash = hex::encode(Sha256::digest(&inputs));
            let figures = figures(shift, hash);
            Computed {
                command: RecordReadiness { cover, figures },
                inputs,
            }
        })
        .collect()
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
        // Where no number would do, more than any centre has is needed.
        keep: worst.keep.unwrap_or(KEEP_MAX),
        worst_interval: worst.start,
        inputs,
    }
}
