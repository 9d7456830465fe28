//! What the call log shows, as one reader may see it: small counts are withheld from whoever is not of the client.

use super::{rows, words};
use crate::histories::Disclosed;
use segue_calls::baseline::UNCLASSIFIED;
use segue_calls::disclosure::{CELL_MIN, cells, is_open, is_open_part};
use segue_calls::understanding::{
    Dimension, DocumentedFlow, Finding, FlowDifference, HOLD_PERCENT, Holiday, HourCell, Measure,
    Path, Ratio, TypeShare, Understanding, WaitClass, time_of_day,
};
use segue_domain::Transition;
use segue_domain::discovery::call_types;
use segue_domain::ladder::CallType;
use segue_domain::windows::painted::DAY_NAMES;
use segue_web::discovery::{
    Count, DayRow, DiscoveryView, FlowStep, FlowView, GroupRow, HolidayRow, PathView, TypeRow,
    WaitRow,
};
use segue_web::view::Aspect;
use std::collections::BTreeMap;

/// Ways drawn of each line, and lines drawn: the busiest.
const PATHS_SHOWN: usize = 12;
const LINES_SHOWN: usize = 12;
const DASH: &str = "–";

/// Fills in everything that rests on call records; for an outsider only what is disclosed.
pub(super) fn fill(
    view: &mut DiscoveryView,
    t: &Transition,
    found: &Understanding,
    disclosed: Option<&Disclosed>,
) {
    let limited = disclosed.is_some();
    let feeds = &found.sources;
    view.cannot_see = rows::cannot_see(found, limited);
    view.types = types(t, found, disclosed);
    if found.offered == 0 {
        view.types_say = "No calls yet".into();
        return;
    }
    let names: Vec<&str> = feeds.iter().map(|feed| feed.source.as_str()).collect();
    let first = feeds.iter().filter_map(|feed| feed.first_day).min();
    let last = feeds.iter().filter_map(|feed| feed.last_day).max();
    view.sources = format!(
        "records of {}, {}",
        names.join(", "),
        words::days(first, last)
    );
    view.week = week(found, disclosed);
    view.week_says = peak(&view.week);
    let unknown;
    (view.waits, unknown) = waits(found, limited);
    view.waits_say = patience(found, unknown);
    (view.types_aspect, view.types_say) = residue(t, found, &view.types);
    view.holidays = holidays(found, limited);
    let documented = super::documented(t, &found.flows);
    view.flows = flows(t, found, &documented, limited);
    let differences = found.flows.compare(&documented);
    let told = differences
        .iter()
        .filter(|difference| !limited || is_told(&view.flows, difference));
    view.flow_differences = told.map(words::difference).collect();
    let segments = &found.segments;
    view.groups_say = format!(
        "{} comparisons of groups with the other callers' calls of the same types, taken together (Holm): the chance of one false difference or more is {:.0} %.",
        segments.comparisons,
        segments.alpha * 100.0
    );
    let shown = segments
        .findings
        .iter()
        .filter(|finding| !limited || may_be_told(finding, &view.week));
    view.groups = shown.map(|finding| group(t, finding)).collect();
}

/// The counts of a partition as the reader may see them.
fn counts(all: &[u64], limited: bool) -> Vec<Count> {
    let shown = if limited {
        cells(all)
    } else {
        all.iter().copied().map(Some).collect()
    };
    let count = |shown: Option<u64>| shown.map_or(Count::Withheld, Count::Known);
    shown.into_iter().map(count).collect()
}

/// A count for this reader; one that is not what was disclosed, because records came in between, is told when it is.
#[expect(
    clippy::option_option,
    reason = "none: the reader may see all; none inside: withheld"
)]
fn of_table(count: u64, told: Option<Option<u64>>) -> Count {
    if told.is_none_or(|told| told == Some(count)) {
        Count::Known(count)
    } else {
        Count::Withheld
    }
}

fn week(found: &Understanding, disclosed: Option<&Disclosed>) -> Vec<DayRow> {
    let week = &found.profile.week;
    let all = week.iter().flatten().enumerate();
    let hours: Vec<Count> = all
        .map(|(hour, cell)| of_table(cell.offered, disclosed.map(|d| d.hour(hour))))
        .collect();
    let days = DAY_NAMES.iter().zip(week).zip(hours.chunks(24));
    let row = |((day, cells), hours): ((&&str, &Vec<_>), &[Count])| {
        let total = cells.iter().map(|cell: &HourCell| cell.offered);
        let whole = hours.iter().all(|count| count.known().is_some());
        DayRow {
            day: (*day).to_owned(),
            hours: hours.to_vec(),
            total: if whole {
                Count::Known(total.sum())
            } else {
                Count::Withheld
            },
        }
    };
    days.map(row).collect()
}

fn peak(week: &[DayRow]) -> String {
    let hours = week.iter().flat_map(|day| {
        let hours = day.hours.iter().enumerate();
        hours.filter_map(move |(hour, count)| Some((count.known()?, day.day.as_str(), hour)))
    });
    // Of several busiest hours the first of the week.
    let busiest = hours.reduce(|best, next| if next.0 > best.0 { next } else { best });
    busiest.map_or_else(String::new, |(calls, day, hour)| {
        format!(
            "{day} {hour:02}:00 is the peak: {} calls in all.",
            Count::Known(calls)
        )
    })
}

/// Calls by wait, and those of which it is not known: one partition, so that none of it follows from the calls in all.
fn waits(found: &Understanding, limited: bool) -> (Vec<WaitRow>, Count) {
    let classes = &found.profile.waits;
    let answered = classes.iter().map(|class| class.answered);
    let answered: Vec<u64> = answered.chain([found.profile.wait_unknown]).collect();
    let abandoned: Vec<u64> = classes.iter().map(|class| class.abandoned).collect();
    let mut answered = counts(&answered, limited);
    let unknown = answered.pop().unwrap_or_default();
    let both = answered.into_iter().zip(counts(&abandoned, limited));
    let row = |(class, (answered, abandoned)): (&WaitClass, (Count, Count))| WaitRow {
        wait: class.to_s.map_or_else(
            || format!("over {} s", class.from_s),
            |to_s| format!("{}–{to_s} s", class.from_s),
        ),
        answered,
        abandoned,
    };
    (classes.iter().zip(both).map(row).collect(), unknown)
}

fn patience(found: &Understanding, unknown: Count) -> String {
    let patience = &found.patience;
    let not_known = match unknown {
        Count::Known(0) => String::new(),
        Count::Known(_) => format!(" The wait of {unknown} calls is not known."),
        Count::Withheld => " The wait of some calls is not known.".into(),
    };
    if !patience.enough {
        return format!("Too few hung up to say how long callers wait.{not_known}");
    }
    let tenth = patience.tenth_left_s;
    let tenth = tenth.map_or_else(String::new, |s| {
        format!("One caller in ten has left after {s} s")
    });
    let half = patience.median_s.map_or_else(
        || "; fewer than half ever leave".to_owned(),
        |s| format!(", half would have left after {s} s"),
    );
    format!("{tenth}{half} (Kaplan–Meier; who was answered would have waited longer).{not_known}")
}

/// Whether a type of the log is a call type of the transition.
fn is_type(kind: &CallType, of_log: &str) -> bool {
    kind.id.as_str().eq_ignore_ascii_case(of_log) || kind.name.eq_ignore_ascii_case(of_log)
}

fn types(t: &Transition, found: &Understanding, disclosed: Option<&Disclosed>) -> Vec<TypeRow> {
    let limited = disclosed.is_some();
    let all = &found.profile.types;
    let of = |count: fn(&TypeShare) -> u64| -> Vec<Count> {
        let list: Vec<u64> = all.iter().map(count).collect();
        counts(&list, limited)
    };
    let calls = all.iter().map(|kind| {
        let told = disclosed.map(|d| d.of_type(&kind.call_type));
        of_table(kind.share.numerator, told)
    });
    let abandoned = of(|kind| kind.abandoned.numerator);
    let others = of(|kind| kind.abandoned.denominator - kind.abandoned.numerator);
    let columns = all.iter().zip(calls).zip(abandoned.into_iter().zip(others));
    let mut rows: Vec<TypeRow> = columns
        .map(|((share, calls), (abandoned, others))| {
            let known = t
                .call_types
                .iter()
                .find(|kind| is_type(kind, &share.call_type));
            let open = calls.known().is_some();
            let told = open && abandoned.known().is_some() && others.known().is_some();
            let say = |is_told: bool, words: String| {
                if is_told { words } else { "withheld".into() }
            };
            TypeRow {
                name: known.map_or_else(|| share.call_type.clone(), |kind| kind.name.clone()),
                calls,
                share: say(open, words::percent(share.share)),
                abandoned: say(told, words::percent(share.abandoned)),
                handle: say(open, mean(share.handle_ms, limited)),
                comes: say(open, words::hours(share.hours)),
                ..asked(t, known)
            }
        })
        .collect();
    let silent = t.call_types.iter().filter(|kind| {
        let mut types = all.iter();
        !types.any(|share| is_type(kind, &share.call_type))
    });
    rows.extend(silent.map(|kind| TypeRow {
        name: kind.name.clone(),
        ..asked(t, Some(kind))
    }));
    rows
}

/// A mean, where it is of calls enough: of one call it is that call's.
fn mean(ms: Ratio, limited: bool) -> String {
    if limited && !is_open(ms.denominator) {
        "withheld".into()
    } else {
        words::seconds(ms)
    }
}

/// What people wrote down of a type; dashes for what nobody did, and for the calls.
fn asked(t: &Transition, kind: Option<&CallType>) -> TypeRow {
    let profile = kind.and_then(|kind| t.discovery.records.call_types.get(&kind.id));
    let dash = || DASH.to_owned();
    TypeRow {
        name: String::new(),
        calls: Count::Known(0),
        share: dash(),
        abandoned: dash(),
        handle: dash(),
        comes: dash(),
        answered: profile.map_or_else(dash, |p| p.hours.clone()),
        skills: profile.map_or_else(dash, |p| {
            let skills: Vec<&str> = p.skills.iter().map(String::as_str).collect();
            skills.join(", ")
        }),
        systems: kind.map_or_else(dash, |kind| call_types::systems(t, &kind.id)),
        told_apart: profile.map_or_else(dash, |p| p.told_apart_by.clone()),
    }
}

/// The residue, where the row of these calls is told.
fn residue(t: &Transition, found: &Understanding, types: &[TypeRow]) -> (Aspect, String) {
    let ratio = found.profile.unclassified;
    let limit = segue_domain::basis_points::percent(t.terms.discovery.residue_max_bp.into());
    let too_many = segue_domain::basis_points::is_more(
        ratio.numerator,
        ratio.denominator,
        t.terms.discovery.residue_max_bp,
    );
    let aspect = if too_many {
        Aspect::Harm
    } else {
        Aspect::Proved
    };
    let rows = found.profile.types.iter().zip(types);
    let withheld = rows
        .filter(|(share, _)| share.call_type == UNCLASSIFIED)
        .any(|(_, row)| row.calls == Count::Withheld);
    let part = if withheld {
        "A withheld part".to_owned()
    } else {
        words::percent(ratio)
    };
    let says = format!(
        "{part} of the calls have no type; at most {limit} may, and none in a clinical queue. Calls come: the hours that hold {HOLD_PERCENT} % of them"
    );
    (aspect, says)
}

fn holidays(found: &Understanding, limited: bool) -> Vec<HolidayRow> {
    let holidays = &found.profile.holidays;
    // A small day would follow from the sum of its weekday, the others' mean and its like.
    let is_small =
        |holiday: &Holiday| !(is_open(holiday.offered) && is_open(holiday.usual.numerator));
    holidays
        .iter()
        .map(|holiday| {
            let weekday = holiday.date.weekday();
            let mut alike = holidays.iter().filter(|h| h.date.weekday() == weekday);
            let told = !limited || !alike.any(is_small);
            let usual = holiday.usual.value().filter(|_| told);
            let difference = usual.filter(|usual| *usual > 0.0).map(|usual| {
                let offered = Ratio::new(holiday.offered, 1).value().unwrap_or(0.0);
                format!("{:+.0}\u{a0}%", (offered / usual - 1.0) * 100.0).replace('-', "−")
            });
            HolidayRow {
                day: format!("{}, {}", holiday.name, words::day(holiday.date)),
                calls: if told {
                    Count::Known(holiday.offered)
                } else {
                    Count::Withheld
                },
                usual: usual.map_or_else(|| DASH.into(), |usual| format!("{usual:.0}")),
                difference: difference.unwrap_or_else(|| DASH.into()),
            }
        })
        .collect()
}

fn flows(
    t: &Transition,
    found: &Understanding,
    documented: &[DocumentedFlow],
    limited: bool,
) -> Vec<FlowView> {
    let mut lines: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
    for path in found
        .flows
        .paths
        .iter()
        .filter(|path| !path.line.is_empty())
    {
        lines.entry(&path.line).or_default().push(path);
    }
    let contacts = |paths: &[&Path]| paths.iter().map(|path| path.contacts).sum::<u64>();
    let mut lines: Vec<_> = lines.into_iter().collect();
    lines.sort_by_key(|(_, paths)| std::cmp::Reverse(contacts(paths)));
    let all: Vec<u64> = lines.iter().map(|(_, paths)| contacts(paths)).collect();
    let totals = counts(&all, limited);
    let drawn = lines.iter().zip(totals).take(LINES_SHOWN);
    drawn
        .map(|((line, paths), total)| {
            let flow = documented.iter().find(|flow| flow.is_of(line));
            line_flow(t, line, paths, total, flow, limited)
        })
        .collect()
}

fn line_flow(
    t: &Transition,
    line: &str,
    paths: &[&Path],
    total: Count,
    flow: Option<&DocumentedFlow>,
    limited: bool,
) -> FlowView {
    let (shown, more) = paths.split_at(paths.len().min(PATHS_SHOWN));
    let others: u64 = more.iter().map(|path| path.contacts).sum();
    let mut parts: Vec<u64> = shown.iter().map(|path| path.contacts).collect();
    parts.push(others);
    let mut told = counts(&parts, limited);
    if total == Count::Withheld {
        told.fill(Count::Withheld);
    }
    let ways = shown.iter().zip(&told).map(|(path, contacts)| PathView {
        steps: path
            .steps
            .iter()
            .map(|name| FlowStep {
                name: name.clone(),
                written: flow.is_none_or(|flow| flow.names(name)),
            })
            .collect(),
        ending: path.ending.replace('_', " "),
        contacts: *contacts,
        times: match contacts {
            Count::Known(_) => format!(
                "wait {}, handling {}",
                mean(path.mean_wait_ms, limited),
                mean(path.mean_handle_ms, limited)
            ),
            Count::Withheld => String::new(),
        },
    });
    FlowView {
        line: line.to_owned(),
        contacts: total,
        paths: ways.collect(),
        others: (others > 0)
            .then(|| {
                told.last()
                    .map(|n| format!("{n} contacts went {} further ways.", more.len()))
            })
            .flatten(),
        written: flow.map(|flow| flow.steps.clone()),
        unseen: unseen(t, line, paths, flow),
    }
}

/// Call types that a known line leads to, and that none of its calls reached.
fn unseen(
    t: &Transition,
    line: &str,
    paths: &[&Path],
    flow: Option<&DocumentedFlow>,
) -> Vec<String> {
    let ours = |known: &&segue_domain::lines::Line| {
        known.id.as_str() == line || flow.is_some_and(|flow| flow.is_of(&known.number))
    };
    let routes = t.lines.iter().filter(ours).flat_map(|line| &line.routes);
    let mut kinds: Vec<&CallType> = routes
        .flat_map(|route| &route.call_types)
        .filter_map(|id| t.call_types.iter().find(|kind| kind.id == *id))
        .filter(|kind| {
            let mut steps = paths.iter().flat_map(|path| &path.steps);
            !steps.any(|step| is_type(kind, step))
        })
        .collect();
    kinds.sort_by(|a, b| a.id.cmp(&b.id));
    kinds.dedup_by(|a, b| a.id == b.id);
    kinds.into_iter().map(|kind| kind.name.clone()).collect()
}

/// A sum over a line's ways is told where no small number follows from it and what is drawn: of those that are not drawn one by one,
/// neither those with the step nor those without it may be few.
fn is_told(flows: &[FlowView], difference: &FlowDifference) -> bool {
    let (line, step, contacts) = match difference {
        FlowDifference::NoCalls { .. } => return true,
        FlowDifference::NotDocumented { line, contacts } => (line, None, *contacts),
        FlowDifference::StepNotDocumented {
            line,
            step,
            contacts,
        } => (line, Some(step), *contacts),
    };
    let Some(flow) = flows.iter().find(|flow| flow.line == *line) else {
        return false;
    };
    let drawn: Option<Vec<u64>> = flow
        .paths
        .iter()
        .map(|path| path.contacts.known())
        .collect();
    let (Some(drawn), Some(all)) = (drawn, flow.contacts.known()) else {
        return false;
    };
    let with_step = flow.paths.iter().zip(&drawn).map(|(path, contacts)| {
        let times = step.map_or(1, |step| {
            path.steps
                .iter()
                .filter(|known| known.name == *step)
                .count()
        });
        contacts * u64::try_from(times).unwrap_or(u64::MAX)
    });
    let with_step: u64 = with_step.sum();
    let others = all.saturating_sub(drawn.iter().sum());
    is_open(contacts) && is_open_part(contacts.saturating_sub(with_step), others)
}

/// A share of few calls is told to no outsider; a handling time of at least a hundred calls is. A time of day's calls are the sum of its
/// hours: they are told where each of these is.
fn may_be_told(finding: &Finding, week: &[DayRow]) -> bool {
    let told = |day: usize, hour: usize| {
        let count = week.get(day).and_then(|row| row.hours.get(hour));
        count.is_some_and(|count| count.known().is_some())
    };
    let of_it = |day: &usize, hour: &usize| time_of_day(*day, *hour) == finding.value;
    let hours_told = (0..7).all(|day| {
        let mut hours = (0..24).filter(|hour| of_it(&day, hour));
        hours.all(|hour| told(day, hour))
    });
    if finding.dimension == Dimension::TimeOfDay && !hours_told {
        return false;
    }
    match finding.measure {
        Measure::HandleTime => finding.calls >= CELL_MIN,
        Measure::Abandonment | Measure::Repeat => {
            is_open_part(finding.group.numerator, finding.group.denominator)
        }
    }
}

fn group(t: &Transition, finding: &Finding) -> GroupRow {
    let value = &finding.value;
    let group = match finding.dimension {
        Dimension::Line => format!("line {value}"),
        Dimension::State => format!("state {value}"),
        Dimension::Language => format!("language {value}"),
        Dimension::Segment => format!("group {value}"),
        Dimension::TimeOfDay => value.clone(),
        Dimension::CalledBefore => "callers who called before".into(),
    };
    let wanted = value.to_lowercase();
    let described = t.culture.segments.values().any(|segment| {
        let says = format!("{} {}", segment.segment, segment.says).to_lowercase();
        says.split(|c: char| !c.is_alphanumeric())
            .any(|word| word == wanted)
    });
    let (aspect, word) = if described {
        (Aspect::Proved, "Described")
    } else {
        (Aspect::Todo, "Ask who takes these calls")
    };
    GroupRow {
        group,
        calls: Count::Known(finding.calls),
        evidence: finding.evidence.clone(),
        suggested_trait: finding.suggested_trait.clone(),
        aspect,
        word: word.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(step: &str, contacts: u64) -> PathView {
        PathView {
            steps: vec![FlowStep {
                name: step.to_owned(),
                written: false,
            }],
            ending: "answered".into(),
            contacts: Count::Known(contacts),
            times: String::new(),
        }
    }

    #[test]
    fn a_step_that_few_take_beside_the_drawn_ways_is_not_told() {
        let line = FlowView {
            line: "7001".into(),
            contacts: Count::Known(500),
            paths: vec![way("TRIAGE", 300), way("MSG", 160)],
            others: None,
            written: None,
            unseen: Vec::new(),
        };
        let told = |step: &str, contacts| {
            let difference = FlowDifference::StepNotDocumented {
                line: "7001".into(),
                step: step.into(),
                contacts,
            };
            is_told(std::slice::from_ref(&line), &difference)
        };
        // Forty contacts went ways that are not drawn.
        assert!(told("TRIAGE", 300), "all of it is drawn");
        assert!(told("TRIAGE", 320), "20 with it and 20 without");
        assert!(!told("VOICEMAIL", 3), "three");
        assert!(!told("TRIAGE", 303), "three more than are drawn");
        assert!(!told("TRIAGE", 335), "five of the others without it");
    }
}
