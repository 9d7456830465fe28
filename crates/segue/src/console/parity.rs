//! The guards' last verdicts as the parity page shows them. Figures are the guards' own; only words are chosen here.

use super::so_far::SoFar;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use segue_domain::contingency::triggers::SetTrigger;
use segue_domain::counterfactual::replayed::Sums;
use segue_domain::counterfactual::{StaffingKey, holiday_words, unknown_holidays};
use segue_domain::{Side, Transition};
use segue_guard::segments::is_told;
use segue_guard::{Arming, Turn, Watch, readiness_bp, shares};
use segue_parity::guard::assessment::{GroupInputs, Interval, MetricVerdict};
use segue_parity::guard::record::{MetricId, StratumId};
use segue_parity::guard::{Action, Verdict, group_comparisons, is_harmed};
use segue_parity::kpi::Ratio;
use segue_parity::noninferiority::wilson;
use segue_parity::rules::{Instrument, MetricName, MetricRule, Role, SignedRules};
use segue_web::parity::{
    ChunkParity, GroupRow, MeasureRow, ParityView, Picture, PictureRow, RowKind, TriggerRow,
    WorseOff,
};
use segue_web::view::Aspect;
use std::collections::BTreeMap;

/// 95 %, two-sided.
const Z_95: f64 = 1.959_964;
const DAY_S: i64 = 86_400;

/// Everything the guards say now.
pub(super) fn view(
    t: &Transition,
    watch: &Watch,
    (turns, so_far): (&[Turn], &BTreeMap<StaffingKey, SoFar>),
    now: Timestamp,
) -> ParityView {
    let mut chunks: Vec<(u8, ChunkParity)> = turns
        .iter()
        .filter_map(|turn| Some((urgency(turn), chunk(t, turn, watch, so_far)?)))
        .collect();
    chunks.sort_by_key(|(urgency, _)| *urgency);
    ParityView {
        at: Some(now),
        chunks: chunks.into_iter().map(|(_, chunk)| chunk).collect(),
        unwatched: watch
            .cannot()
            .map(|(chunk, why)| (chunk.to_string(), why.to_string()))
            .collect(),
        triggers: t
            .contingency
            .triggers
            .values()
            .map(|set| trigger(t, set))
            .collect(),
    }
}

/// What needs somebody first.
const fn urgency(turn: &Turn) -> u8 {
    match turn.assessment.action {
        Action::GoHome | Action::PageGoHome | Action::Freeze => 0,
        Action::ReturnToLastAccepted | Action::PageReturn => 1,
        Action::HoldAndPage | Action::HoldForGroup | Action::AskPerson => 2,
        Action::AskApprovals | Action::Hold => 3,
        Action::Stay | Action::StayHome => 4,
    }
}

fn chunk(
    t: &Transition,
    turn: &Turn,
    watch: &Watch,
    so_far: &BTreeMap<StaffingKey, SoFar>,
) -> Option<ChunkParity> {
    let rules = watch.rules(&turn.chunk)?;
    let outsourcer = t.parties.name(Side::Outsourcer);
    let assessment = &turn.assessment;
    let (aspect, word) = aspect(assessment.verdict);
    let shown = shown(&assessment.metrics)?;
    let key = t.chunk(&turn.chunk).map(|c| StaffingKey::of(&c.planned));
    let so_far = key.and_then(|key| so_far.get(&key).copied());
    let replayed = watch.had_we_not_moved(&turn.chunk);
    let drawn = replayed.or(so_far.map(|so_far| so_far.sums));
    let picture = picture(t, turn, rules, (shown, drawn), &outsourcer);
    let unmatched = watch.unmatched().find(|(id, _)| **id == turn.chunk);
    let mut calls = vec![format!(
        "{} calls sent out, of which no record explains {}.",
        assessment.inputs.unserved.denominator, assessment.inputs.unserved.numerator
    )];
    calls.extend(unmatched.map(|(_, unmatched)| {
        format!(
            "{} decisions found no record in time; {} calls given up.",
            unmatched.unserved, unmatched.given_up
        )
    }));
    calls.extend(assessment.inputs.waits.iter().map(|waits| {
        format!(
            "{}: nine in ten of {} calls waited at most {:.0} s.",
            match waits.arm {
                segue_parity::guard::record::Arm::InHouse => "In-house",
                segue_parity::guard::record::Arm::Outsourced => outsourcer.as_str(),
            },
            waits.calls,
            waits.p90_s
        )
    }));
    Some(ChunkParity {
        chunk: turn.chunk.to_string(),
        aspect,
        word: word.into(),
        finding: finding(turn, &outsourcer),
        lead: lead(t, turn, rules),
        had_we_not_moved: had_we_not_moved(turn, replayed, so_far),
        picture,
        measures: measures(rules, &assessment.metrics),
        compared: rules.rules().segments.clone(),
        groups: groups(rules, turn),
        groups_say: groups_say(rules),
        worse_off: worse_off(rules, turn),
        not_known: not_known(t, turn, watch),
        reasons: assessment.reasons.clone(),
        calls,
    })
}

/// The measure drawn: the one that failed, else the first there is.
fn shown(metrics: &[MetricVerdict]) -> Option<usize> {
    let failed = metrics
        .iter()
        .position(|m| m.verdict == Verdict::Fail && m.name.instrument() == Instrument::BlockBet);
    failed.or_else(|| (!metrics.is_empty()).then_some(0))
}

const fn aspect(verdict: Verdict) -> (Aspect, &'static str) {
    match verdict {
        Verdict::Pass => (Aspect::Proved, "Pass"),
        Verdict::Fail => (Aspect::Harm, "Worse than agreed"),
        Verdict::WorseWithinMargin => (Aspect::Hold, "Worse, within the margin"),
        Verdict::Inconclusive => (Aspect::Open, "Not proved"),
        Verdict::NoData => (Aspect::Unknown, "No data"),
    }
}

fn finding(turn: &Turn, outsourcer: &str) -> String {
    let chunk = &turn.chunk;
    match (turn.assessment.action, turn.assessment.verdict) {
        (Action::Freeze, _) => format!("Neither centre can take the calls of {chunk} now."),
        (Action::GoHome | Action::PageGoHome, _) => {
            format!("Callers of {chunk} are not being served at {outsourcer}.")
        }
        (Action::HoldForGroup, _) => {
            format!("Some callers of {chunk} are served worse than anybody was promised.")
        }
        (_, Verdict::Fail) => {
            format!("{outsourcer} does worse on {chunk} than the contract allows.")
        }
        (_, Verdict::WorseWithinMargin) => {
            format!(
                "{outsourcer} is worse than in-house on {chunk}, within what the contract allows."
            )
        }
        (_, Verdict::NoData) => format!("There is not enough to judge {chunk}."),
        (_, Verdict::Inconclusive) => {
            format!("We cannot yet say that {outsourcer} serves {chunk} as well as in-house.")
        }
        (_, Verdict::Pass) => {
            format!("{outsourcer} serves {chunk} as well as in-house, within the agreed margin.")
        }
    }
}

/// What happens next, and how long until a verdict.
fn lead(t: &Transition, turn: &Turn, rules: &SignedRules) -> String {
    let conduct = &rules.rules().conduct;
    let advised = turn_advice(turn.assessment.action);
    let since = t.chunk(&turn.chunk).and_then(|chunk| chunk.share_since);
    let Some(since) = since else {
        return advised.into();
    };
    let days = |seconds: u64| {
        let left =
            i64::try_from(seconds).unwrap_or(i64::MAX) - turn.at.duration_since(since).as_secs();
        (left.max(0) + DAY_S - 1) / DAY_S
    };
    let deadline = days(conduct.deadline_s.into());
    let left = match (days(rules.rules().soak_s()), deadline) {
        (0, deadline) => format!("A person is asked in {deadline} days at the latest."),
        (soak, deadline) => format!(
            "No step before the soak ends in {soak} days; a person is asked in {deadline} days at the latest."
        ),
    };
    format!("{advised} {left}")
}

const fn turn_advice(action: Action) -> &'static str {
    match action {
        Action::GoHome | Action::PageGoHome => "Advised: bring every call home.",
        Action::ReturnToLastAccepted | Action::PageReturn => {
            "Advised: return to the last accepted share."
        }
        Action::Freeze => "Nothing moves by itself: call people in; the button still works.",
        Action::HoldAndPage => "A feed is silent; approve no step until it speaks.",
        Action::HoldForGroup => {
            "Held: a group of callers is worse off than anybody was promised, and somebody must look."
        }
        Action::AskPerson => "The deadline is over without a verdict: a person decides.",
        Action::AskApprovals => "Both parties may approve the next step.",
        Action::Hold => "Held: no step now.",
        Action::Stay | Action::StayHome => "The evidence goes on growing.",
    }
}

fn name(metric: &MetricRule) -> String {
    match metric.name {
        MetricName::NotWithinThreshold => format!("Answered within {} s", metric.threshold_s),
        MetricName::Abandonment => "Abandoned".into(),
        MetricName::NeverAnswered => "Never with a person".into(),
        MetricName::HandleTime => "Handle time".into(),
        other => other.name().replace('_', " "),
    }
}

/// Whether the page turns the bad share round: people speak of calls answered in time.
fn is_turned(name: MetricName) -> bool {
    name == MetricName::NotWithinThreshold
}

/// A bad share in percent, as people speak of it.
fn percent(share: f64, name: MetricName) -> f64 {
    if is_turned(name) {
        (1.0 - share) * 100.0
    } else {
        share * 100.0
    }
}

fn row(
    label: String,
    note: String,
    kind: RowKind,
    figure: Ratio,
    interval: Interval,
    name: MetricName,
) -> Option<PictureRow> {
    let (a, b) = (
        percent(interval.lower.max(0.0), name),
        percent(interval.upper.min(1.0), name),
    );
    Some(PictureRow {
        label,
        note,
        kind,
        value: percent(figure.value()?, name),
        interval: Some((a.min(b), a.max(b))),
    })
}

/// "Had we not moved" as a row: what is expected, and where 95 % of such days lie.
fn counterfactual(sums: &Sums, name: MetricName) -> Option<PictureRow> {
    let (_, share) = shares(sums).into_iter().find(|(of, _)| *of == name)?;
    let share = share?;
    let [value, a, b] =
        [share.expected, share.low, share.high].map(|bp| percent(f64::from(bp) / 10_000.0, name));
    Some(PictureRow {
        label: "Had we not moved".into(),
        note: format!("{} calls of the type, replayed in-house", sums.offered),
        kind: RowKind::Counterfactual,
        value,
        interval: Some((a.min(b), a.max(b))),
    })
}

/// Both centres together beside what in-house alone would have done with all the calls; where no block is over, of the one that runs.
fn had_we_not_moved(turn: &Turn, over: Option<Sums>, so_far: Option<SoFar>) -> Option<String> {
    let (sums, when) = match (over, so_far) {
        (Some(sums), _) if sums.blocks == 1 => (sums, "in 1 replayed block".to_owned()),
        (Some(sums), _) => (sums, format!("in {} replayed blocks", sums.blocks)),
        (None, Some(so_far)) => (
            so_far.sums,
            format!("since {}", so_far.from.strftime("%H:%M UTC")),
        ),
        (None, None) => return None,
    };
    let expected = sums.hung_up()?;
    let mut metrics = turn.assessment.metrics.iter();
    let hung_up = metrics.find(|m| m.name == MetricName::Abandonment)?;
    let (home, out) = (hung_up.inputs.in_house, hung_up.inputs.outsourced);
    let both = Ratio {
        numerator: home.numerator + out.numerator,
        denominator: home.denominator + out.denominator,
    };
    let in_fact = both.value().map_or_else(
        || "what really happened is not known yet".to_owned(),
        |share| {
            format!(
                "of the {} of this chunk so far, at both centres, {:.1} % did",
                both.denominator,
                share * 100.0
            )
        },
    );
    let runs = match (over, so_far) {
        (None, _) => " Their block of three hours still runs: this is no evidence yet.".to_owned(),
        (Some(_), so_far) => so_far
            .and_then(|so_far| running(&so_far))
            .unwrap_or_default(),
    };
    Some(format!(
        "Had we not moved: {} of the {} callers of the whole call type {when} would have hung up; {in_fact}.{runs}",
        expected.words(),
        sums.offered,
    ))
}

/// The block that runs, behind those that are over.
fn running(so_far: &SoFar) -> Option<String> {
    Some(format!(
        " In the block that runs, {} of {} since {}; this is no evidence yet.",
        so_far.sums.hung_up()?.words(),
        so_far.sums.offered,
        so_far.from.strftime("%H:%M UTC")
    ))
}

fn picture(
    t: &Transition,
    turn: &Turn,
    rules: &SignedRules,
    (shown, replayed): (usize, Option<Sums>),
    outsourcer: &str,
) -> Option<Picture> {
    let metric = turn.assessment.metrics.get(shown)?;
    let rule = rules.rules().metrics.get(shown)?;
    if rule.name.is_duration() {
        return None;
    }
    let margin = rules.margin(MetricId(u16::try_from(shown).ok()?), StratumId(0))?;
    let planned = &t.chunk(&turn.chunk)?.planned;
    let base = t.baselines.of(&planned.site, &planned.call_type)?;
    let bad = match rule.name {
        MetricName::NotWithinThreshold => base.offered.saturating_sub(base.answered_within),
        _ => base.abandoned,
    };
    let before = Ratio {
        numerator: bad,
        denominator: base.offered,
    };
    let (home, out) = (metric.inputs.in_house, metric.inputs.outsourced);
    let calls = |figure: Ratio, what: &str| format!("{} calls, {what}", figure.denominator);
    let rows = [
        row(
            "In-house before the move".into(),
            calls(before, "frozen baseline"),
            RowKind::InHouse,
            before,
            wilson(before, Z_95),
            rule.name,
        ),
        replayed.and_then(|sums| counterfactual(&sums, rule.name)),
        row(
            "In-house now".into(),
            calls(home, "what stayed"),
            RowKind::InHouse,
            home,
            wilson(home, Z_95),
            rule.name,
        ),
        row(
            outsourcer.to_owned(),
            calls(out, "what went out"),
            RowKind::Outsourced,
            out,
            metric.inputs.interval.unwrap_or_else(|| wilson(out, Z_95)),
            rule.name,
        ),
    ];
    let turned = is_turned(rule.name);
    let limit = percent(margin.allowed, rule.name);
    let side = if turned { "below" } else { "above" };
    Some(Picture {
        title: name(rule),
        caption: metric.says.clone(),
        rows: rows.into_iter().flatten().collect(),
        limit,
        limit_says: format!(
            "{} points {side} in-house",
            f64::from(rule.margin_bp) / 100.0
        ),
        worse_below: turned,
    })
}

fn measures(rules: &SignedRules, metrics: &[MetricVerdict]) -> Vec<MeasureRow> {
    let row = |(metric, rule): (&MetricVerdict, &MetricRule)| {
        let (aspect, word) = aspect(metric.verdict);
        let figure = |ratio: Ratio| match ratio.value() {
            None => "\u{2013}".into(),
            Some(value) if rule.name.is_duration() => format!("{value:.0} s"),
            Some(value) => format!("{:.1} %", percent(value, rule.name)),
        };
        let allowed = f64::from(rule.margin_bp) / 100.0;
        MeasureRow {
            name: name(rule),
            role: match metric.role {
                Role::Guardrail => "rolls back",
                Role::Gate => "must pass",
                Role::Signal => "holds",
                Role::Watch => "is shown",
            }
            .into(),
            figures: format!(
                "{}, {}",
                figure(metric.inputs.in_house),
                figure(metric.inputs.outsourced)
            ),
            limit: if rule.name.is_duration() {
                format!("{allowed} % longer")
            } else {
                format!("{allowed} points worse")
            },
            aspect,
            word: word.into(),
            says: metric.says.clone(),
        }
    };
    metrics
        .iter()
        .zip(&rules.rules().metrics)
        .map(row)
        .collect()
}

/// What is not known and could change the verdict, each with its next step.
fn not_known(t: &Transition, turn: &Turn, watch: &Watch) -> Vec<String> {
    let mut says = not_replayed(t, turn, watch);
    let mut groups = turn.assessment.inputs.groups.iter();
    if !groups.any(|group| group.segment.is_some_and(is_told)) {
        says.push(
            "Language and age of callers are in no record: groups are told apart only by when they called.".to_owned(),
        );
    }
    let readiness = t
        .chunk(&turn.chunk)
        .map(|chunk| readiness_bp(t, chunk, turn.at));
    if readiness == Some(None) {
        says.push(
            "Whether in-house could take the calls back was not recorded for the shift that is on (`segue door --record`): its own calls alone are looked at."
                .to_owned(),
        );
    }
    let arming = watch
        .arming(&turn.chunk)
        .filter(|arming| *arming != Arming::Armed);
    says.extend(arming.map(|arming| arming.words().to_owned()));
    says
}

/// Why what depends on load is held against the signed target alone, where it is.
fn not_replayed(t: &Transition, turn: &Turn, watch: &Watch) -> Vec<String> {
    let Some(chunk) = t.chunk(&turn.chunk) else {
        return Vec::new();
    };
    let key = StaffingKey::of(&chunk.planned);
    let since = chunk.share_since.unwrap_or(turn.at);
    let left_out = unknown_holidays(t, &key, since, turn.at);
    let why = match t.counterfactuals.agreed(&key) {
        None => format!(
            "no staffing of {key} is frozen and signed by both (`segue do freeze-staffing`)"
        ),
        Some(_) if watch.had_we_not_moved(&turn.chunk).is_none() => {
            "no block of three hours has been replayed yet".to_owned()
        }
        Some(_) if !left_out.is_empty() => return vec![not_on_holidays(&left_out)],
        Some(_) => return Vec::new(),
    };
    let says = format!(
        "Had we not moved: {why}, so what depends on load is held against the signed target alone."
    );
    let holidays = (!left_out.is_empty()).then(|| not_on_holidays(&left_out));
    std::iter::once(says).chain(holidays).collect()
}

fn not_on_holidays(days: &BTreeMap<Date, String>) -> String {
    format!(
        "Had we not moved is not known for a holiday: no in-house staffing of {} is signed (`holidays` of `segue do freeze-staffing`), so what depends on load is held against the signed target alone then.",
        holiday_words(days)
    )
}

/// Every group of callers against the limit that everybody was promised.
fn groups(rules: &SignedRules, turn: &Turn) -> Vec<GroupRow> {
    let row = |group: &GroupInputs| {
        let segments = &rules.rules().segments;
        let name = group.segment.and_then(|s| segments.get(usize::from(s)));
        // Nothing here is ever proved good: a group is watched for harm alone.
        let (aspect, word) = match () {
            () if is_harmed(rules, group) => (Aspect::Harm, "Worse than promised"),
            () if group.is_small => (Aspect::Unknown, "Judged with the small groups"),
            () if group.blocks == 0 => (Aspect::Unknown, "No block judged yet"),
            () if group.beyond_limit => (Aspect::Open, "Beyond the limit, not proved"),
            () => (Aspect::Open, "No harm shown"),
        };
        GroupRow {
            group: name.map_or_else(|| "groups below one in twenty calls".into(), Clone::clone),
            measure: group.metric.name().replace('_', " "),
            outsourced: of(group.outsourced),
            aspect,
            word: word.into(),
        }
    };
    turn.assessment.inputs.groups.iter().map(row).collect()
}

/// How often the groups would hold by chance.
fn groups_say(rules: &SignedRules) -> Option<String> {
    let comparisons = group_comparisons(rules);
    (comparisons > 0).then(|| {
        format!(
            "{comparisons} comparisons share {} %: so large at most is the chance that a group is ever held for by chance, as far as one block's luck is not the next one's: staffing that is thin for whole days makes it more. A group's harm holds and pages; it brings no call home by itself.",
            f64::from(rules.rules().alpha_bp) / 100.0
        )
    })
}

fn of(ratio: Ratio) -> String {
    format!("{} of {}", ratio.numerator, ratio.denominator)
}

fn worse_off(rules: &SignedRules, turn: &Turn) -> Vec<WorseOff> {
    let figures = turn.assessment.worse_off.iter();
    figures
        .filter_map(|figure| {
            let segment = rules.rules().segments.get(usize::from(figure.segment))?;
            Some(WorseOff {
                segment: segment.clone(),
                measure: figure.metric.name().replace('_', " "),
                in_house: of(figure.in_house),
                outsourced: of(figure.outsourced),
            })
        })
        .collect()
}

fn trigger(t: &Transition, set: &SetTrigger) -> TriggerRow {
    let kind = set.trigger.kind;
    let mut words = kind.words().to_owned();
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let open = t
        .contingency
        .watches
        .values()
        .any(|watch| watch.open.contains_key(&kind));
    let (aspect, word) = match (open, set.tested_at) {
        (true, _) => (Aspect::Harm, "open"),
        (false, None) => (Aspect::Todo, "never tested"),
        (false, Some(_)) => (Aspect::Proved, "quiet"),
    };
    TriggerRow {
        kind: words,
        fires: set.trigger.threshold.words(),
        does: if set.acts() {
            "brings calls home; both signed".into()
        } else {
            format!("alarms a person: {}", set.trigger.advice.words())
        },
        owner: set.trigger.owner.to_string(),
        tested: set
            .tested_at
            .map(|at| at.to_zoned(TimeZone::UTC).strftime("%-d %b %Y").to_string()),
        aspect,
        word: word.into(),
    }
}
