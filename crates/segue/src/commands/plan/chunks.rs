//! `segue plan chunks`: chunks proposed from the imported records, each as small as the evidence allows.

use crate::cli::Global;
use crate::commands::calls::{failure, require_allowed};
use crate::context::Context;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use jiff::civil::Date;
use segue_calls::offered::offered;
use segue_calls::store::CallStore;
use segue_domain::Transition;
use segue_domain::ids::{CallTypeId, SiteId};
use segue_domain::schedule::chunker::{History, Proposal, WEEK_HOURS, propose};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Options of `segue plan chunks`.
#[derive(Debug, Args)]
pub struct Chunks {
    /// The centre of records whose number is none of the transition's lines; needed where there is more than one
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// Which call type a name in the records stands for, for example --map "Nurse line=TRIAGE"
    #[arg(long, value_name = "NAME=CALL_TYPE", value_parser = pair)]
    map: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, call_type) = text.split_once('=').ok_or("write NAME=CALL_TYPE")?;
    Ok((name.to_owned(), call_type.to_owned()))
}

/// Calls of no call type or centre of the transition, by the type's name in the records.
type LeftOut = BTreeMap<String, u64>;

/// What the records say of one type at one centre.
#[derive(Debug)]
struct Counted {
    days: BTreeSet<Date>,
    calls: Vec<u64>,
}

impl Default for Counted {
    fn default() -> Self {
        Self {
            days: BTreeSet::new(),
            calls: vec![0; WEEK_HOURS],
        }
    }
}

impl Chunks {
    /// Answers; a chunk that no verdict would come for ends with exit code 5.
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        require_allowed(&ctx)?;
        let state = block_on(async { Office::open(&ctx.data).await?.state().await })?;
        let (histories, left_out) =
            self.histories(&state, &CallStore::new(ctx.data.path("calls")))?;
        if histories.is_empty() {
            return Err(Failure::BadInput(format!(
                "no imported call is of a call type and centre of the transition ({}); import records (`segue calls import`) or say what theirs stand for (--map NAME=CALL_TYPE, --site SITE)",
                named(&left_out)
            )));
        }
        let proposals = propose(&state, &histories)?;
        let short = proposals.iter().any(|p| !p.is_judgeable());
        let text = text(&proposals, &left_out);
        let left_out: u64 = left_out.values().sum();
        let told = json!({ "chunks": proposals, "calls_left_out": left_out });
        Ok(Answer::new(&told, text).wanting_if(short))
    }

    /// The calls of each centre and type by hour of the week, and how many found neither.
    fn histories(
        &self,
        t: &Transition,
        store: &CallStore,
    ) -> Result<(Vec<History>, LeftOut), Failure> {
        let mut counted: BTreeMap<(SiteId, CallTypeId), Counted> = BTreeMap::new();
        let mut left_out = LeftOut::new();
        offered(store, None, Date::MIN..=Date::MAX, |call| {
            let Some(key) = self
                .site(t, call.dnis)
                .zip(self.call_type(t, call.call_type))
            else {
                let name = call.call_type.unwrap_or("unclassified");
                *left_out.entry(name.to_owned()).or_default() += 1;
                return;
            };
            let of = counted.entry(key).or_default();
            of.days.insert(call.local.date());
            let day = call.local.date().weekday().to_monday_zero_offset();
            let hour = usize::from(day.unsigned_abs()) * 24
                + usize::from(call.local.hour().unsigned_abs());
            if let Some(calls) = of.calls.get_mut(hour) {
                *calls += 1;
            }
        })
        .map_err(failure)?;
        let histories = counted.into_iter().map(|((site, call_type), of)| History {
            site,
            call_type,
            days: span(&of.days),
            calls: of.calls,
        });
        Ok((histories.collect(), left_out))
    }

    fn site(&self, t: &Transition, dnis: Option<&str>) -> Option<SiteId> {
        let line = t
            .lines
            .iter()
            .find(|line| dnis.is_some_and(|dnis| line.number == dnis || line.id.as_str() == dnis));
        let named = || {
            t.sites
                .iter()
                .find(|s| Some(s.id.as_str()) == self.site.as_deref())
        };
        let only = || {
            t.sites
                .first()
                .filter(|_| t.sites.len() == 1 && self.site.is_none())
        };
        line.map(|line| line.site.clone())
            .or_else(|| named().or_else(only).map(|site| site.id.clone()))
    }

    fn call_type(&self, t: &Transition, name: Option<&str>) -> Option<CallTypeId> {
        let name = name?;
        let stands_for = self.map.iter().find(|(from, _)| from == name);
        let id = CallTypeId::from(stands_for.map_or(name, |(_, to)| to.as_str()));
        t.rung(&id).map(|_| id)
    }
}

/// Days from the first with a call to the last: a day without any counts, too.
fn span(days: &BTreeSet<Date>) -> u32 {
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return 0;
    };
    let days = last.duration_since(*first).as_hours() / 24 + 1;
    u32::try_from(days).unwrap_or(u32::MAX)
}

/// `2895 of type message, 12 of type callback`.
fn named(left_out: &LeftOut) -> String {
    let all = left_out.iter();
    let all: Vec<_> = all.map(|(name, n)| format!("{n} of type {name}")).collect();
    if all.is_empty() {
        "there is none".to_owned()
    } else {
        all.join(", ")
    }
}

fn text(proposals: &[Proposal], left_out: &LeftOut) -> String {
    let mut text = String::new();
    for p in proposals {
        let windows: Vec<_> = p
            .planned
            .windows
            .iter()
            .map(|w| w.window.as_str())
            .collect();
        let hours = if windows.is_empty() {
            "always".to_owned()
        } else {
            windows.join(", ")
        };
        let verdict = match (p.calls_needed, p.days_to_judge) {
            (Some(needed), Some(days)) => format!(
                "a verdict needs {needed} calls: {days} of the {} days there are, at the full share",
                p.days_there_are
            ),
            (Some(needed), None) => format!("a verdict needs {needed} calls; nobody calls then"),
            (None, _) => {
                "no number of calls proves the margin; agree another, or record a baseline".into()
            }
        };
        let word = if p.is_judgeable() {
            ""
        } else {
            "  NOT JUDGEABLE"
        };
        let _ = writeln!(
            text,
            "{}  {hours}  {} calls a week, first step at most {} %; {verdict}{word}",
            p.planned.id, p.calls_per_week, p.first_step_percent
        );
    }
    if !left_out.is_empty() {
        let _ = writeln!(
            text,
            "Of no call type or centre of the transition: {}.",
            named(left_out)
        );
    }
    text
}
