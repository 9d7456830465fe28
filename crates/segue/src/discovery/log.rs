//! What the call log shows, as one reader may see it: small counts are withheld from whoever is not of the client.

use super::words;
use segue_calls::disclosure::{CELL_MIN, cells, is_open, is_open_part};
use segue_calls::store::Manifest;
use segue_calls::understanding::{
    Dimension, DocumentedFlow, Finding, FlowDifference, HOLD_PERCENT, HourCell, Measure, Path,
    Ratio, SourceFeed, TypeShare, Understanding, WaitClass,
};
use segue_domain::Transition;
use segue_domain::discovery::call_types;
use segue_domain::ladder::CallType;
use segue_web::discovery::{
    Count, DayRow, DiscoveryView, FeedRow, FlowStep, FlowView, GroupRow, HolidayRow, ImportRow,
    PathView, TypeRow, WaitRow,
};
use segue_web::view::{Aspect, BlindSpot};
use std::collections::BTreeMap;

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Ways drawn of each line, and lines drawn: the busiest.
const PATHS_SHOWN: usize = 12;
const LINES_SHOWN: usize = 12;
/// Imports listed: the newest.
const IMPORTS_SHOWN: usize = 30;
const DASH: &str = "–";

/// Fills in everything that rests on call records.
pub(super) fn fill(view: &mut DiscoveryView, t: &Transition, found: &Understanding) {
    let limited = view.limited;
    let feeds = &found.sources;
    view.cannot_see = cannot_see(found);
    view.feeds = self::feeds(found);
    view.types = types(t, found, limited);
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
    view.week = week(found, limited);
    view.week_says = peak(&view.week);
    view.waits = waits(found, limited);
    view.waits_say = patience(found);
    (view.types_aspect, view.types_say) = residue(t, found);
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
        .filter(|finding| !limited || may_be_told(finding));
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

fn week(found: &Understanding, limited: bool) -> Vec<DayRow> {
    let week = &found.profile.week;
    let all: Vec<u64> = week.iter().flatten().map(|cell| cell.offered).collect();
    let hours = counts(&all, limited);
    let days = WEEKDAYS.iter().zip(week).zip(hours.chunks(24));
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

fn waits(found: &Understanding, limited: bool) -> Vec<WaitRow> {
    let classes = &found.profile.waits;
    let answered: Vec<u64> = classes.iter().map(|class| class.answered).collect();
    let abandoned: Vec<u64> = classes.iter().map(|class| class.abandoned).collect();
    let both = counts(&answered, limited)
        .into_iter()
        .zip(counts(&abandoned, limited));
    let row = |(class, (answered, abandoned)): (&WaitClass, (Count, Count))| WaitRow {
        wait: class.to_s.map_or_else(
            || format!("over {} s", class.from_s),
            |to_s| format!("{}–{to_s} s", class.from_s),
        ),
        answered,
        abandoned,
    };
    classes.iter().zip(both).map(row).collect()
}

fn patience(found: &Understanding) -> String {
    let patience = &found.patience;
    let unknown = found.profile.wait_unknown;
    let not_known = if unknown == 0 {
        String::new()
    } else {
        format!(" The wait of {} calls is not known.", Count::Known(unknown))
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

fn types(t: &Transition, found: &Understanding, limited: bool) -> Vec<TypeRow> {
    let all = &found.profile.types;
    let of = |count: fn(&TypeShare) -> u64| -> Vec<Count> {
        let list: Vec<u64> = all.iter().map(count).collect();
        counts(&list, limited)
    };
    let calls = of(|kind| kind.share.numerator);
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
                handle: say(open, words::seconds(share.handle_ms)),
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

fn residue(t: &Transition, found: &Understanding) -> (Aspect, String) {
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
    let says = format!(
        "{} of the calls have no type; at most {limit} may, and none in a clinical queue. Calls come: the hours that hold {HOLD_PERCENT} % of them",
        words::percent(ratio)
    );
    (aspect, says)
}

fn holidays(found: &Understanding, limited: bool) -> Vec<HolidayRow> {
    let holidays = found.profile.holidays.iter();
    holidays
        .map(|holiday| {
            let usual = holiday.usual.value();
            let told = !limited || is_open(holiday.offered);
            let difference = usual.filter(|usual| told && *usual > 0.0).map(|usual| {
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
                words::seconds(path.mean_wait_ms),
                words::seconds(path.mean_handle_ms)
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

/// A sum of a line's ways is told where each of them is: no withheld way follows from it.
fn is_told(flows: &[FlowView], difference: &FlowDifference) -> bool {
    let (FlowDifference::NotDocumented { line, .. }
    | FlowDifference::StepNotDocumented { line, .. }) = difference
    else {
        return true;
    };
    let told = |flow: &FlowView| {
        flow.paths
            .iter()
            .all(|path| path.contacts != Count::Withheld)
    };
    flows.iter().any(|flow| flow.line == *line && told(flow))
}

/// A share of few calls is told to no outsider; a handling time of at least a hundred calls is.
fn may_be_told(finding: &Finding) -> bool {
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

/// The newest imports.
pub(super) fn imports(manifest: &Manifest) -> Vec<ImportRow> {
    let newest = manifest.imports.iter().rev().take(IMPORTS_SHOWN);
    newest
        .map(|import| {
            let read: u64 = import.files.iter().map(|file| file.read).sum();
            let quarantined: u64 = import.files.iter().map(|file| file.quarantined).sum();
            let kept: u64 = import.parts.iter().map(|part| part.rows).sum();
            ImportRow {
                source: import.source.clone(),
                at: import
                    .imported_at
                    .strftime("%-d %b %Y %H:%M UTC")
                    .to_string(),
                files: import.files.len(),
                read: Count::Known(read),
                kept: Count::Known(kept),
                duplicates: Count::Known(read.saturating_sub(quarantined + kept)),
                quarantined: Count::Known(quarantined),
            }
        })
        .collect()
}

fn feeds(found: &Understanding) -> Vec<FeedRow> {
    let row = |feed: &SourceFeed| FeedRow {
        source: feed.source.clone(),
        records: Count::Known(feed.records),
        days: words::days(feed.first_day, feed.last_day),
        cadence: feed.every_h().map_or_else(
            || "once".into(),
            |hours| format!("{} times, {}", feed.imports, words::every(hours)),
        ),
        last_fed: feed.imported_at.strftime("%-d %b %Y %H:%M UTC").to_string(),
    };
    found.sources.iter().map(row).collect()
}

/// Each gap as its first clause and the rest.
fn cannot_see(found: &Understanding) -> Vec<BlindSpot> {
    let gaps = found.cannot_see.iter();
    gaps.map(|gap| {
        let (what, why) = gap.split_once(": ").unwrap_or((gap, ""));
        BlindSpot {
            what: what.trim_end_matches('.').to_owned(),
            why: why.to_owned(),
        }
    })
    .collect()
}
