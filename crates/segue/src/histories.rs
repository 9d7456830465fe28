//! Calls by hour of the local week, of each call type at each centre, from the imported records: what chunks are cut from and
//! what a share may be expected to bring. Which of them outsiders may see is decided here, once for every page that shows any.

use clap::Args;
use jiff::civil::{Date, Weekday};
use segue_calls::baseline::UNCLASSIFIED;
use segue_calls::disclosure::Table;
use segue_calls::error::CallsError;
use segue_calls::offered::offered;
use segue_calls::store::CallStore;
use segue_domain::Transition;
use segue_domain::ids::{CallTypeId, SiteId};
use segue_domain::ladder::CallType;
use segue_domain::schedule::chunker::{History, WEEK_HOURS};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

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

/// Whose calls: the type's name in the records, and what they are of where the transition knows it.
type Whose = (String, Option<(SiteId, CallTypeId)>);

/// What the records say of one kind of calls.
#[derive(Debug)]
struct OfKind {
    days: BTreeSet<Date>,
    calls: Vec<u64>,
}

impl Default for OfKind {
    fn default() -> Self {
        Self {
            days: BTreeSet::new(),
            calls: vec![0; WEEK_HOURS],
        }
    }
}

/// The calls of each centre and type by hour of the week, and how many found neither.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) histories: Vec<History>,
    pub(crate) left_out: LeftOut,
    kinds: Vec<(Whose, Vec<u64>)>,
    disclosed: OnceLock<Disclosed>,
}

impl Counted {
    /// What hours come to, on one day of records.
    #[cfg(test)]
    pub(crate) fn of_hours(kinds: impl IntoIterator<Item = (Whose, Vec<u64>)>) -> Self {
        let days = BTreeSet::from([jiff::civil::date(2027, 3, 1)]);
        let of = |(whose, calls)| {
            (
                whose,
                OfKind {
                    days: days.clone(),
                    calls,
                },
            )
        };
        Self::of(kinds.into_iter().map(of).collect())
    }

    fn of(kinds: BTreeMap<Whose, OfKind>) -> Self {
        let mut known: BTreeMap<(SiteId, CallTypeId), OfKind> = BTreeMap::new();
        let mut left_out = LeftOut::new();
        for ((name, key), of) in &kinds {
            let Some(key) = key else {
                *left_out.entry(name.clone()).or_default() += of.calls.iter().sum::<u64>();
                continue;
            };
            let all = known.entry(key.clone()).or_default();
            all.days.extend(&of.days);
            for (all, calls) in all.calls.iter_mut().zip(&of.calls) {
                *all += calls;
            }
        }
        let histories = known.into_iter().map(|((site, call_type), of)| History {
            site,
            call_type,
            days: span(&of.days),
            first_weekday: of.days.first().map_or(Weekday::Monday, |day| day.weekday()),
            calls: of.calls,
        });
        Self {
            histories: histories.collect(),
            left_out,
            kinds: kinds
                .into_iter()
                .map(|(whose, of)| (whose, of.calls))
                .collect(),
            disclosed: OnceLock::new(),
        }
    }

    /// What outsiders may see of it.
    pub(crate) fn disclosed(&self) -> &Disclosed {
        self.disclosed.get_or_init(|| {
            let hours: Vec<Vec<u64>> = self.kinds.iter().map(|(_, calls)| calls.clone()).collect();
            Disclosed {
                kinds: self.kinds.iter().map(|(whose, _)| whose.clone()).collect(),
                table: Table::closed(&hours),
            }
        })
    }
}

/// The counts that outsiders may see: one table of kinds of calls by hours of the week, with the totals of both, whichever page shows
/// a part of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disclosed {
    kinds: Vec<Whose>,
    table: Table,
}

impl Disclosed {
    /// Calls of all kinds in an hour of the week.
    pub(crate) fn hour(&self, hour: usize) -> Option<u64> {
        self.table.column(hour)
    }

    /// Calls of a type as the records name it.
    pub(crate) fn of_type(&self, name: &str) -> Option<u64> {
        self.total(|(known, _)| known == name)
    }

    /// Calls of no call type or centre of the transition.
    pub(crate) fn left_out(&self) -> Option<u64> {
        self.total(|(_, of)| of.is_none())
    }

    /// Which hours of a history may be told.
    pub(crate) fn hours_of(&self, history: &History) -> Vec<bool> {
        let is_of = |(_, of): &Whose| {
            let of = of.as_ref();
            of.is_some_and(|(site, kind)| *site == history.site && *kind == history.call_type)
        };
        let rows: Vec<usize> = self.rows(is_of).collect();
        let told = |hour| rows.iter().all(|row| self.table.cell(*row, hour).is_some());
        (0..WEEK_HOURS).map(told).collect()
    }

    fn rows(&self, is_of: impl Fn(&Whose) -> bool) -> impl Iterator<Item = usize> {
        let kinds = self.kinds.iter().enumerate();
        kinds
            .filter(move |(_, whose)| is_of(whose))
            .map(|(row, _)| row)
    }

    /// A sum of rows, where each is told.
    fn total(&self, is_of: impl Fn(&Whose) -> bool) -> Option<u64> {
        self.rows(is_of).map(|row| self.table.row(row)).sum()
    }
}

/// Counts the records.
///
/// # Errors
/// A file of the store cannot be read or is damaged.
pub(crate) fn read(
    t: &Transition,
    store: &CallStore,
    stands_for: &StandsFor,
) -> Result<Counted, CallsError> {
    let mut kinds: BTreeMap<Whose, OfKind> = BTreeMap::new();
    offered(store, None, Date::MIN..=Date::MAX, |call| {
        let site = stands_for.site(t, call.dnis);
        let key = site.zip(stands_for.call_type(t, call.call_type));
        let name = call.call_type.unwrap_or(UNCLASSIFIED).to_owned();
        let of = kinds.entry((name, key)).or_default();
        of.days.insert(call.local.date());
        let day = call.local.date().weekday().to_monday_zero_offset();
        let hour =
            usize::from(day.unsigned_abs()) * 24 + usize::from(call.local.hour().unsigned_abs());
        if let Some(calls) = of.calls.get_mut(hour) {
            *calls += 1;
        }
    })?;
    Ok(Counted::of(kinds))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday from nine: messages are many in every hour, triage is seven in the first.
    #[test]
    fn the_hours_of_one_type_and_of_all_do_not_tell_those_of_another() {
        let kind = |name: &str, of: &str, calls: [u64; 4]| {
            let mut hours = vec![0; WEEK_HOURS];
            hours[9..13].copy_from_slice(&calls);
            let key = ("RVS-Main".into(), of.into());
            ((name.to_owned(), Some(key)), hours)
        };
        let counted = Counted::of_hours([
            kind("message", "MSG", [40, 50, 60, 70]),
            kind("triage", "TRIAGE", [7, 30, 35, 90]),
        ]);
        let disclosed = counted.disclosed();
        assert_eq!(disclosed.hour(9), Some(47));
        for history in &counted.histories {
            let told = disclosed.hours_of(history);
            assert!(!told[9], "{}: 47 less 40 is seven", history.call_type);
            assert_eq!(told[9..13].iter().filter(|told| **told).count(), 2);
        }
        assert_eq!(disclosed.of_type("message"), Some(220));
        assert_eq!(disclosed.left_out(), Some(0), "every call is of a type");
    }
}
