//! `segue parity freeze-staffing`: the in-house staffing of before from a report of agents on the phones, with callers' patience
//! from the imported records of the same days. Rows of holidays stand beside those of weekdays. It counts once both have signed it
//! (`segue do sign-frozen-staffing`).

use crate::cli::Global;
use crate::commands::capacity::{each_call, failure};
use crate::context::Context;
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use jiff::civil::Date;
use segue_capacity::counterfactual::frozen::{Counted, read_counts};
use segue_capacity::door::calls::Sorter;
use segue_capacity::history::CallHistory;
use segue_capacity::patience::HANG_UPS_MIN;
use segue_domain::counterfactual::StaffingKey;
use segue_domain::counterfactual::frozen_staffing::{
    FreezeStaffing, StaffedHoliday, StaffedHours, staffed_hours,
};
use segue_domain::ids::{CallTypeId, SiteId};
use segue_domain::{Command, Event, Transition};
use serde_json::json;
use std::path::PathBuf;

/// Largest report: a week has 672 rows, a holiday 96.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Options of `segue parity freeze-staffing`.
#[derive(Debug, Args)]
pub struct FreezeStaffingOptions {
    /// Agents on the phones: rows of weekday, time of a quarter of an hour, agents (`Mon,07:15,9`), by the centre's clock; the
    /// weekday of a holiday is `holiday`, or `holiday Thanksgiving` for one alone
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// The centre
    #[arg(long, value_name = "SITE")]
    site: SiteId,
    /// The call type
    #[arg(long = "type", value_name = "TYPE")]
    call_type: CallTypeId,
    /// The first day that was counted
    #[arg(long, value_name = "DATE")]
    from: Date,
    /// The last day that was counted, before anything moved
    #[arg(long, value_name = "DATE")]
    to: Date,
    /// Where the counts come from
    #[arg(long, value_name = "TEXT")]
    reference: String,
    /// Mean patience of callers in seconds, where it is not to be read from the imported records
    #[arg(long, value_name = "S")]
    patience: Option<u32>,
    /// Percent of the agents counted who come, where those on the roster were counted and not those who came
    #[arg(long, value_name = "P", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    show_up: u32,
}

impl FreezeStaffingOptions {
    pub(super) fn run(&self, global: &Global) -> Answered {
        let text = self.read()?;
        let counted = read_counts(&text).map_err(failure)?;
        let ctx = Context::open(global)?;
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            let state = office.state().await?;
            let (patience_s, hung_up) = match self.patience {
                Some(patience_s) => (Some(patience_s), None),
                None => self.patience(&ctx, &state)?,
            };
            let command = FreezeStaffing {
                key: StaffingKey {
                    site: self.site.clone(),
                    call_type: self.call_type.clone(),
                },
                staffed: staffed_hours(&counted.week).unwrap_or_default(),
                holidays: holidays(&counted),
                patience_s,
                show_up_bp: self.show_up * 100,
                first_day: self.from,
                last_day: self.to,
                reference: self.reference.clone(),
            };
            let actor = login::actor(&ctx).await?;
            let answer = office
                .execute_as(&ctx, &actor, None, Command::from(command))
                .await?;
            let hash = answer.events.iter().find_map(|event| match event {
                Event::StaffingFreezeProposed(e) => Some(e.staffing.hash.clone()),
                _ => None,
            });
            let said = match (&hash, patience_s) {
                (None, _) => "It is written down already.".to_owned(),
                (Some(_), Some(s)) => format!("Written down, with a patience of {s} s; it counts once both have signed it (`segue do sign-frozen-staffing`)."),
                (Some(_), None) => "Written down, with callers who wait for ever; it counts once both have signed it (`segue do sign-frozen-staffing`).".to_owned(),
            };
            let json = json!({ "hash": hash, "patience_s": patience_s, "hang_ups": hung_up });
            Ok(Answer::new(&json, said))
        })
    }

    fn read(&self) -> Result<String, Failure> {
        let shown = self.file.display();
        let size = std::fs::metadata(&self.file).map(|file| file.len());
        match size {
            Ok(size) if size <= FILE_BYTES_MAX => {}
            Ok(_) => {
                return Err(Failure::BadInput(format!(
                    "`{shown}` is larger than a week of counts; give one row for each quarter of an hour"
                )));
            }
            Err(error) => return Err(Failure::BadInput(format!("`{shown}`: {error}"))),
        }
        std::fs::read_to_string(&self.file)
            .map_err(|error| Failure::BadInput(format!("`{shown}`: {error}")))
    }

    /// The patience of these callers on these days, and of how many hang-ups; nothing where nobody hung up.
    fn patience(
        &self,
        ctx: &Context,
        t: &Transition,
    ) -> Result<(Option<u32>, Option<u64>), Failure> {
        let sorter = Sorter::new(t);
        let mut history = CallHistory::default();
        each_call(&ctx.data, t, None, ctx.now(), |call| {
            let own = call.call_type == Some(self.call_type.as_str())
                && sorter.site_of(call.dnis).as_ref() == Some(&self.site)
                && (self.from..=self.to).contains(&call.local.date());
            if own {
                history.add(call);
            }
        })?;
        let curve = history.patience().map_err(failure)?;
        if (1..HANG_UPS_MIN).contains(&curve.abandoned) {
            return Err(Failure::BadInput(format!(
                "{} of the imported callers hung up on these days, and fewer than {HANG_UPS_MIN} say nothing of patience; name more days, or give it with --patience",
                curve.abandoned
            )));
        }
        let seconds = curve
            .mean_s()
            .map(|s| std::time::Duration::from_secs_f64(s).as_secs());
        let seconds = seconds.map(|s| u32::try_from(s).unwrap_or(u32::MAX).max(1));
        Ok((seconds, Some(curve.abandoned)))
    }
}

/// The rows of holidays; one on which nobody works says so.
fn holidays(counted: &Counted) -> Vec<StaffedHoliday> {
    let row = |(name, day): (&Option<String>, &Vec<u32>)| {
        let mut staffed = staffed_hours(&day.repeat(7)).unwrap_or_default();
        if staffed.is_empty() {
            staffed.push(StaffedHours {
                hours: "always".into(),
                agents: 0,
            });
        }
        StaffedHoliday {
            holiday: name.clone(),
            staffed,
        }
    };
    counted.holidays.iter().map(row).collect()
}
