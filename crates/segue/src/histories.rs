//! Calls by hour of the local week, of each call type at each centre, from the imported records: what chunks are cut from and
//! what a share may be expected to bring.

use clap::Args;
use jiff::civil::{Date, Weekday};
use segue_calls::error::CallsError;
use segue_calls::offered::offered;
use segue_calls::store::CallStore;
use segue_domain::Transition;
use segue_domain::ids::{CallTypeId, SiteId};
use segue_domain::ladder::CallType;
use segue_domain::schedule::chunker::{History, WEEK_HOURS};
use std::collections::{BTreeMap, BTreeSet};

/// Calls of no call type or centre of the transition, by the type's name in the records.
pub(crate) type LeftOut = BTreeMap<String, u64>;

/// What records that do not name a centre or call type of the transition stand for.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct StandsFor {
    /// The centre of records whose number is none of the transition's lines; needed where there is more than one
    #[arg(long, value_name = "SITE")]
    pub(crate) site: Option<String>,
    /// Which call type a name in the records stands for, for example --map "Nurse line=TRIAGE"
    #[arg(long = "map", value_name = "NAME=CALL_TYPE", value_parser = pair)]
    pub(crate) call_types: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, call_type) = text.split_once('=').ok_or("write NAME=CALL_TYPE")?;
    Ok((name.to_owned(), call_type.to_owned()))
}

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

/// The calls of each centre and type by hour of the week, and how many found neither.
///
/// # Errors
/// A file of the store cannot be read or is damaged.
pub(crate) fn read(
    t: &Transition,
    store: &CallStore,
    stands_for: &StandsFor,
) -> Result<(Vec<History>, LeftOut), CallsError> {
    let mut counted: BTreeMap<(SiteId, CallTypeId), Counted> = BTreeMap::new();
    let mut left_out = LeftOut::new();
    offered(store, None, Date::MIN..=Date::MAX, |call| {
        let site = stands_for.site(t, call.dnis);
        let Some(key) = site.zip(stands_for.call_type(t, call.call_type)) else {
            let name = call.call_type.unwrap_or("unclassified");
            *left_out.entry(name.to_owned()).or_default() += 1;
            return;
        };
        let of = counted.entry(key).or_default();
        of.days.insert(call.local.date());
        let day = call.local.date().weekday().to_monday_zero_offset();
        let hour =
            usize::from(day.unsigned_abs()) * 24 + usize::from(call.local.hour().unsigned_abs());
        if let Some(calls) = of.calls.get_mut(hour) {
            *calls += 1;
        }
    })?;
    let histories = counted.into_iter().map(|((site, call_type), of)| History {
        site,
        call_type,
        days: span(&of.days),
        first_weekday: of.days.first().map_or(Weekday::Monday, |day| day.weekday()),
        calls: of.calls,
    });
    Ok((histories.collect(), left_out))
}

impl StandsFor {
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
        if let Some((_, means)) = self.call_types.iter().find(|(from, _)| from == name) {
            return t
                .call_types
                .iter()
                .find(|c| c.id.as_str() == means)
                .map(|c| c.id.clone());
        }
        named(t, name)
    }
}

/// The call type of this short name; else the only one that is called so or is of the rung called so.
fn named(t: &Transition, name: &str) -> Option<CallTypeId> {
    if let Some(exact) = t.call_types.iter().find(|c| c.id.as_str() == name) {
        return Some(exact.id.clone());
    }
    let is_called = |c: &&CallType| {
        c.name.eq_ignore_ascii_case(name) || c.needs.to_string().eq_ignore_ascii_case(name)
    };
    let mut called = t.call_types.iter().filter(is_called);
    match (called.next(), called.next()) {
        (Some(only), None) => Some(only.id.clone()),
        _ => None,
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
