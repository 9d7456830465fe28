//! `segue capacity whatif`, `staff` and `shared`: how many agents it takes, and if calls take longer than planned.

mod shared;

use crate::cli::Global;
use crate::commands::calls::require_client;
use crate::context::Context;
use crate::data_dir::DataDir;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use segue_calls::baseline::Bound;
use segue_calls::offered::offered;
use segue_capacity::door::demand::calendar;
use segue_capacity::error::CapacityError;
use segue_capacity::forecast::DAYS_MIN;
use segue_capacity::forecast::backtest::{BackTest, BackTestPlan, backtest};
use segue_capacity::forecast::calendar::Calendar;
use segue_capacity::history::{Call, CallHistory};
use segue_capacity::load::{Load, Patience, ServiceTarget};
use segue_capacity::staffing::forecasted::{StaffedInterval, staff};
use segue_capacity::staffing::plan::Rules;
use segue_capacity::staffing::pooling::{PoolingLoss, pooling_loss};
use segue_capacity::staffing::shrinkage::Shrinkage;
use segue_capacity::staffing::whatif::{AHT_STRESS, Case, Question, WhatIf, what_if};
use segue_domain::Transition;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Half a year of records and a margin: what forecasts learn from.
const HISTORY_DAYS: i64 = 190;

/// `segue capacity …`
#[derive(Debug, Subcommand)]
pub enum Capacity {
    /// So many calls, so long, so many agents: what callers get, and if calls take longer
    Whatif(Whatif),
    /// Agents by 15-minute interval, from the imported calls
    Staff(Staff),
    /// Agents who take several call types: how many of each group it takes, by simulation
    Shared(shared::Shared),
}

/// Options of `segue capacity whatif`.
#[derive(Debug, Args)]
pub struct Whatif {
    /// Calls in an hour
    #[arg(long, value_name = "N")]
    calls_per_hour: f64,
    /// Average handle time (talk, hold, after-call work) in seconds
    #[arg(long, value_name = "S")]
    aht: f64,
    /// Agents on the phones
    #[arg(long, value_name = "N")]
    agents: u32,
    #[command(flatten)]
    promise: Promise,
    /// Also tell what it takes when the calls are split over centres, in percent: 50,50
    #[arg(long, value_name = "P,P…", value_delimiter = ',')]
    split: Vec<u32>,
}

/// What was promised, and to whom.
#[derive(Debug, Args)]
struct Promise {
    /// Percent answered / within seconds
    #[arg(long, value_name = "P/S", default_value = "80/30")]
    target: ServiceTarget,
    /// Mean patience of callers in seconds (Erlang A); without it they wait for ever (Erlang C)
    #[arg(long, value_name = "S")]
    patience: Option<f64>,
    /// Most callers who may hang up, in percent; counts where callers lose patience
    #[arg(long, value_name = "P", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=100))]
    abandonment_max: u32,
    /// The handle time is multiplied by this for the stress case
    #[arg(long, value_name = "X", default_value_t = AHT_STRESS)]
    aht_stress: f64,
}

/// Options of `segue capacity staff`.
#[derive(Debug, Args)]
pub struct Staff {
    /// First instant: 2026-03-01, 2026-03-01T08:00 (local) or an instant
    #[arg(long, value_name = "TIME")]
    from: Bound,
    /// First instant that counts no more
    #[arg(long, value_name = "TIME")]
    to: Bound,
    #[command(flatten)]
    promise: Promise,
    /// One call type only
    #[arg(long = "type", value_name = "TYPE")]
    call_type: Option<String>,
    /// One source only
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// IANA zone of the centre (default: that of the transition's first centre)
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Time off the phones, in whole percent of paid time
    #[arg(long, value_name = "P", default_value_t = 0)]
    shrinkage: u32,
}

impl Capacity {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        match self {
            Self::Whatif(options) => options.run(),
            Self::Staff(options) => options.run(global),
            Self::Shared(options) => options.run(),
        }
    }
}

impl Promise {
    fn target(&self) -> ServiceTarget {
        ServiceTarget {
            abandonment_max_bp: self.abandonment_max * 100,
            ..self.target
        }
    }
}

impl Whatif {
    fn run(&self) -> Answered {
        let load = Load::new(self.calls_per_hour, self.aht).map_err(failure)?;
        let question = Question {
            load,
            patience: Patience::of(self.promise.patience).map_err(failure)?,
            agents: self.agents,
            target: self.promise.target(),
            aht_stress: self.promise.aht_stress,
        };
        let answer = what_if(question).map_err(failure)?;
        let pooling = (!self.split.is_empty()).then(|| self.pooling(&question));
        let pooling = pooling.transpose()?;
        Ok(Answer::new(
            &whatif_json(&question, &answer, pooling.as_ref()),
            whatif_text(&question, &answer, pooling.as_ref()),
        ))
    }

    fn pooling(&self, question: &Question) -> Result<PoolingLoss, Failure> {
        let shares: Vec<_> = self.split.iter().map(|p| p.saturating_mul(100)).collect();
        if shares.iter().fold(0_u32, |sum, bp| sum.saturating_add(*bp)) != 10_000 {
            return Err(Failure::BadInput(
                "--split should add up to 100, for example 50,50".into(),
            ));
        }
        pooling_loss(question.load, question.patience, question.target, &shares).map_err(failure)
    }
}

fn case_json(case: &Case) -> Map<String, Value> {
    let p = &case.performance;
    let value = json!({
        "aht_s": case.load.aht_s(),
        "service_level": p.service_level.sl_answered_over_offered,
        "asa_all_s": p.mean_wait_all_s,
        "asa_answered_s": p.asa_answered_s,
        "p_wait": p.p_wait,
        "p_abandon": p.p_abandon,
        "occupancy": p.occupancy,
        "service_levels": p.service_level,
        "reaches": case.reaches,
    });
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn whatif_json(question: &Question, answer: &WhatIf, pooling: Option<&PoolingLoss>) -> Value {
    let mut fields = case_json(&answer.planned);
    fields.insert("formula".into(), json!("SL_ABANDON_NEGATIVE"));
    fields.insert("question".into(), json!(question));
    fields.insert("stress".into(), Value::Object(case_json(&answer.stress)));
    fields.insert("agents_needed".into(), json!(answer.planned.agents_needed));
    let stressed = answer.stress.agents_needed;
    fields.insert("agents_needed_stress".into(), json!(stressed));
    if let Some(pooling) = pooling {
        fields.insert("pooling".into(), json!(pooling));
    }
    Value::Object(fields)
}

fn whatif_text(question: &Question, answer: &WhatIf, pooling: Option<&PoolingLoss>) -> String {
    let mut text = format!(
        "{} calls/h, {} agents, target {} (answered in time ÷ offered)\n",
        question.load.calls_per_hour(),
        question.agents,
        question.target
    );
    for (name, case) in [("as planned", &answer.planned), ("stress", &answer.stress)] {
        let p = &case.performance;
        let wait = p.mean_wait_all_s.map_or_else(
            || "the queue grows without end".to_owned(),
            |s| format!("ASA {s:.0} s"),
        );
        let _ = writeln!(
            text,
            "{name:<10} {:>4.0} s: {:>5.1} % in {} s, {wait}, {:.1} % hang up; needs {} agents",
            case.load.aht_s(),
            100.0 * p.service_level.sl_answered_over_offered,
            question.target.within_s,
            100.0 * p.p_abandon,
            case.agents_needed
        );
    }
    if let Some(pooling) = pooling {
        let apart: Vec<_> = pooling.apart.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "one centre {}, split {}: {} more",
            pooling.together,
            apart.join(" + "),
            pooling.extra
        );
    }
    text
}

impl Staff {
    fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        require_client(&ctx)?;
        let state = block_on(async { Office::open(&ctx.data).await?.state().await })?;
        let zone = self.zone(&state)?;
        let calendar = calendar(&state);
        let (from, to) = (instant(self.from, &zone)?, instant(self.to, &zone)?);
        if to <= from {
            return Err(Failure::BadInput("--to must be later than --from".into()));
        }
        let mut history = CallHistory::default();
        each_call(
            &ctx.data,
            &state,
            self.source.as_deref(),
            ctx.now(),
            |call| {
                if self.call_type.is_none() || call.call_type == self.call_type.as_deref() {
                    history.add(call);
                }
            },
        )?;
        let learnt = history
            .learn(&zone, &calendar, ctx.now())
            .map_err(failure)?;
        let patience = match self.promise.patience {
            Some(patience_s) => Patience::mean(patience_s).map_err(failure)?,
            // Too few hung up to tell: planned as if callers waited for ever, which asks for more agents, not fewer.
            None => learnt.patience.measured().unwrap_or(Patience::Endless),
        };
        let rules = Rules {
            patience,
            target: self.promise.target(),
            aht_stress: self.promise.aht_stress,
            shrinkage: Shrinkage::from_bp(self.shrinkage.saturating_mul(100)).map_err(failure)?,
        };
        let staffed = staff(&learnt, &zone, &calendar, (from, to), &rules).map_err(failure)?;
        let tested = tested(&learnt.days, &calendar);
        let json = json!({
            "intervals": staffed.iter().map(interval_json).collect::<Vec<_>>(),
            "patience_s": learnt.patience.measured().and(learnt.patience.mean_s()),
            "handle": learnt.handle,
            "learnt_from_days": learnt.days.len(),
            "backtest": tested,
            "rules": rules,
        });
        Ok(Answer::new(
            &json,
            staff_text(&staffed, &zone, tested.as_ref()),
        ))
    }

    fn zone(&self, t: &Transition) -> Result<TimeZone, Failure> {
        let own = t.sites.first().map(|site| site.zone.as_str());
        let name = self.zone.as_deref().or(own).ok_or_else(|| {
            Failure::BadInput(
                "the transition has no centre yet; name the zone with --zone, for example America/New_York".into(),
            )
        })?;
        TimeZone::get(name).map_err(|e| Failure::BadInput(e.to_string()))
    }
}

fn instant(bound: Bound, zone: &TimeZone) -> Result<Timestamp, Failure> {
    match bound {
        Bound::Instant(at) => Ok(at),
        Bound::Local(local) => local
            .to_zoned(zone.clone())
            .map(|at| at.timestamp())
            .map_err(|e| Failure::BadInput(e.to_string())),
    }
}

/// Hands the offered calls of the last half year to `each`.
pub fn each_call(
    data: &DataDir,
    t: &Transition,
    source: Option<&str>,
    now: Timestamp,
    mut each: impl FnMut(&Call<'_>),
) -> Result<u64, Failure> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let first = today.saturating_sub(Span::new().days(HISTORY_DAYS));
    let last = today.saturating_add(Span::new().days(1));
    let mut count = 0;
    for store in data.every_calls(&t.lines)? {
        let read = offered(&store, source, first..=last, |call| {
            each(&Call {
                at: call.at,
                local: call.local,
                dnis: call.dnis,
                call_type: call.call_type,
                answered: call.answered,
                wait_ms: call.wait_ms,
                handle_ms: call.handle_ms,
            });
        });
        count += read.map_err(crate::commands::calls::failure)?;
    }
    Ok(count)
}

/// How good the forecast would have been two weeks ahead, where there is history enough to tell.
fn tested(
    days: &[segue_capacity::forecast::history::DayCounts],
    calendar: &Calendar,
) -> Option<BackTest> {
    let plan = BackTestPlan {
        learn_days: (days.len() / 2).max(DAYS_MIN),
        ahead_days: 14,
        every_days: 14,
    };
    backtest(days, calendar, plan).ok()
}

fn interval_json(i: &StaffedInterval) -> Value {
    json!({
        "start": i.requirement.start,
        "calls": i.calls,
        "calls_p10": i.calls_p10,
        "calls_p90": i.calls_p90,
        "aht_s": i.requirement.load.aht_s(),
        "agents": i.requirement.agents,
        "agents_stress": i.requirement.agents_stress,
        "rostered": i.requirement.rostered,
        "holiday": i.holiday,
        "clock": i.clock,
    })
}

fn staff_text(staffed: &[StaffedInterval], zone: &TimeZone, tested: Option<&BackTest>) -> String {
    let mut text =
        String::from("interval                 calls (p10–p90)    AHT  agents  stress  rostered\n");
    for i in staffed {
        let local = i.requirement.start.to_zoned(zone.clone());
        let holiday = i
            .holiday
            .as_ref()
            .map(|name| format!("  {name}"))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "{}  {:>7.1} ({:>3}–{:<3})  {:>5.0} s  {:>6}  {:>6}  {:>8}{holiday}",
            local.strftime("%a %d %b %Y %H:%M"),
            i.calls,
            i.calls_p10,
            i.calls_p90,
            i.requirement.load.aht_s(),
            i.requirement.agents,
            i.requirement.agents_stress,
            i.requirement.rostered
        );
    }
    match tested {
        Some(b) => {
            let _ = writeln!(
                text,
                "Two weeks ahead such forecasts were off by {:.1} % of the calls (as on the last such weekday: {:.1} %).",
                100.0 * b.wape,
                100.0 * b.naive_wape
            );
        }
        None => text.push_str("Too little history to say how good such forecasts were.\n"),
    }
    text
}

/// A capacity error is an input to correct.
#[expect(clippy::needless_pass_by_value, reason = "handed to `map_err`")]
pub fn failure(error: CapacityError) -> Failure {
    Failure::BadInput(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        whatif: Whatif,
    }

    fn answer(typed: &str) -> Value {
        let words = std::iter::once("whatif").chain(typed.split(' '));
        Typed::try_parse_from(words)
            .unwrap()
            .whatif
            .run()
            .unwrap()
            .json
    }

    /// The contract of `cli.md`, and A14.
    #[test]
    fn the_handbooks_question() {
        let got =
            answer("--calls-per-hour 40 --aht 660 --agents 11 --target 80/30 --aht-stress 1.3");
        let percent = |v: &Value| (v["service_level"].as_f64().unwrap() * 1_000.0).round() / 10.0;
        assert_eq!(
            format!("{} {}", percent(&got), percent(&got["stress"])),
            "86.8 47.1"
        );
        assert_eq!(
            (&got["agents_needed"], &got["agents_needed_stress"]),
            (&json!(11), &json!(13))
        );
        for key in [
            "asa_all_s",
            "asa_answered_s",
            "p_wait",
            "p_abandon",
            "occupancy",
        ] {
            assert!(
                got[key].is_number() && got["stress"][key].is_number(),
                "{key}"
            );
        }
    }

    #[test]
    fn overload_patience_and_a_split() {
        let over = answer("--calls-per-hour 400 --aht 660 --agents 11");
        assert_eq!(
            (&over["asa_all_s"], &over["p_wait"]),
            (&Value::Null, &json!(1.0))
        );
        let patient = answer("--calls-per-hour 400 --aht 660 --agents 11 --patience 240");
        assert!(patient["p_abandon"].as_f64().unwrap() > 0.8);
        let split = answer("--calls-per-hour 40 --aht 660 --agents 11 --split 50,50");
        assert_eq!(
            split["pooling"],
            json!({"together": 11, "apart": [6, 6], "extra": 1})
        );
    }
}
