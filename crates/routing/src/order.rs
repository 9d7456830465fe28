//! Compilers for places that cannot ask: one order for one number becomes what a carrier, a cloud or a
//! PBX is told, what a person reads to whoever types it, and the way back, prepared before it is needed.
//!
//! Values that do not fit the mechanism are answered with the nearest it can do
//! ([`mechanism`](crate::mechanism)); nothing is rounded silently. Source: handbook §3.2.

use crate::hours::{OrderHours, Turn};
use crate::mechanism::{
    Instructions, Mechanism, NotPossible, Planned, RouteCapability, Start, Stickiness, plan_share,
    plan_start,
};
use jiff::Timestamp;
use segue_domain::caller::CallerKey;
use segue_domain::share::TrafficShare;
use segue_domain::windows::ShiftWindow;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is wanted on one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What moves the calls.
    pub mechanism: Mechanism,
    /// The public number.
    pub number: String,
    /// Where the outsourcer's part goes: a number, a region or a queue, as the mechanism names places.
    pub out: String,
    /// Where the rest goes.
    pub home: String,
    /// The outsourcer's part.
    pub share: TrafficShare,
    /// When.
    pub start: Start,
    /// The IANA zone of start and windows.
    pub zone: String,
    /// The hours in which the share holds; outside them every call goes home. Empty means always.
    pub windows: Vec<ShiftWindow>,
}

/// An order in the words of its mechanism.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compiled {
    /// The mechanism in words.
    pub mechanism: String,
    /// The public number.
    pub number: String,
    /// Whole percent that go out.
    pub percent_out: u8,
    /// When it is to hold.
    pub start: String,
    /// In which hours, a line for days alike; empty means always.
    #[serde(default)]
    pub hours: Vec<String>,
    /// What the mechanism is told: records, JSON, codes; one line each.
    pub artefact: Vec<String>,
    /// What a person does or reads aloud, in order.
    pub script: Vec<String>,
    /// The way back, to be prepared at the same time.
    pub rollback: Vec<String>,
}

/// One value that the mechanism cannot do, and the nearest it can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedValue {
    /// As asked.
    pub value: String,
    /// Below before above.
    pub nearest: Vec<String>,
}

impl From<NotPossible> for RefusedValue {
    fn from(not: NotPossible) -> Self {
        Self {
            value: not.asked.to_string(),
            nearest: not.offers.iter().map(Planned::to_string).collect(),
        }
    }
}

/// Compiles, or names every value that does not fit.
///
/// # Errors
/// The values with their nearest.
pub fn compile(order: &Order) -> Result<Compiled, Vec<RefusedValue>> {
    let share = plan_share(order.mechanism, order.share);
    let start = plan_start(order.mechanism, order.start);
    let hours = hours_of(order);
    let (share, start, hours) = match (share, start, hours) {
        (Ok(share), Ok(start), Ok(hours)) => (share, start, hours),
        (share, start, hours) => {
            let refused = share.err().into_iter().chain(start.err());
            let refused = refused.map(RefusedValue::from);
            return Err(refused.chain(hours.err().into_iter().flatten()).collect());
        }
    };
    let hours = hours.as_ref();
    Ok(Compiled {
        mechanism: order.mechanism.words().to_owned(),
        number: order.number.clone(),
        percent_out: order.share.percent(),
        start: order.start.to_string(),
        hours: hours.map(OrderHours::words).unwrap_or_default(),
        artefact: artefact(order, hours),
        script: script(order, &share, &start, hours),
        rollback: rollback(order),
    })
}

/// The hours of an order; the way home holds at every hour.
fn hours_of(order: &Order) -> Result<Option<OrderHours>, Vec<RefusedValue>> {
    let windows: &[ShiftWindow] = if order.share.is_out() {
        &order.windows
    } else {
        &[]
    };
    OrderHours::of(order.mechanism, windows, &order.zone)
}

/// How often a place is told something after the order: it has no clock of its own, and the hours turn so often in a week and on
/// dates that are not like their weekday.
pub fn turns(order: &Order) -> usize {
    match hours_of(order) {
        Ok(Some(hours)) if !has_clock(order.mechanism) => hours.turns().len(),
        _ => 0,
    }
}

/// Whether the order begins after `now` at a place that cannot wait for it: what it is told there holds at once.
pub fn waits(order: &Order, now: Timestamp) -> bool {
    let Start::At(at) = order.start else {
        return false;
    };
    let begins = at.in_tz(&order.zone).map(|begins| begins.timestamp());
    // A zone that nobody knows gives no instant, and nothing is placed on a guess.
    !has_clock(order.mechanism) && begins.map_or(true, |begins| begins > now)
}

fn has_clock(mechanism: Mechanism) -> bool {
    matches!(mechanism, Mechanism::TollFreeCpr | Mechanism::SipTrunk)
}

/// Both parts, the empty one left out.
fn parts(order: &Order) -> impl Iterator<Item = (u8, &str)> {
    let out = order.share.percent();
    let both = [(out, order.out.as_str()), (100 - out, order.home.as_str())];
    both.into_iter().filter(|(percent, _)| *percent > 0)
}

fn artefact(order: &Order, hours: Option<&OrderHours>) -> Vec<String> {
    let home_alone = Order {
        share: TrafficShare::HOME,
        ..order.clone()
    };
    match (order.mechanism, hours) {
        (Mechanism::TollFreeCpr, hours) => cpr(order, hours),
        (Mechanism::SipTrunk, _) => vec![format!(
            "share {} %, by `segue do propose-step`, in the windows of the signed plan",
            order.share.percent()
        )],
        (_, None) => vec![told(order)],
        // A place without a clock is told when the order begins and at each turn, by whatever there is that wakes.
        (_, Some(hours)) => {
            let to = |opens: bool| told(if opens { order } else { &home_alone });
            let turns = hours.turns();
            if turns.is_empty() {
                let is_always = hours
                    .week()
                    .iter()
                    .flat_map(|(_, parts)| parts)
                    .all(|p| p.open);
                return vec![to(is_always)];
            }
            let first = match order.start {
                Start::Now => Some(format!("NOW, if that is within the hours: {}", to(true))),
                Start::At(at) => hours
                    .is_open_at(at)
                    .then(|| format!("{at} {}: {}", order.zone, to(true))),
            };
            let turn = |turn: Turn| format!("{turn} {}: {}", order.zone, to(turn.opens));
            first
                .into_iter()
                .chain(turns.into_iter().map(turn))
                .collect()
        }
    }
}

/// What a mechanism without a clock is told, in one line.
fn told(order: &Order) -> String {
    let out = order.share.percent();
    match order.mechanism {
        Mechanism::AmazonConnect => {
            let distributions: Vec<Value> = [(&order.out, out), (&order.home, 100 - out)]
                .map(|(region, percent)| json!({ "Region": region, "Percentage": percent }))
                .to_vec();
            // Agents move with the calls, else calls queue where nobody is.
            let config = json!({ "Distributions": distributions });
            json!({ "TelephonyConfig": config, "AgentConfig": config }).to_string()
        }
        Mechanism::CallForwarding if out == 0 => "*73".to_owned(),
        Mechanism::CallForwarding => format!("*72 {}", order.out),
        Mechanism::PbxRouting | Mechanism::TollFreeCpr | Mechanism::SipTrunk => {
            let parts = parts(order).map(|(percent, place)| format!("{percent} % to {place}"));
            format!("allocate {}", parts.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A call processing record: the switch stands above the split, so that the way back is one change of
/// it; percents are whole, sum to 100 and leave no OTHER; days and times cover the week, holidays first.
fn cpr(order: &Order, hours: Option<&OrderHours>) -> Vec<String> {
    let mut lines = vec![
        format!(
            "TFN {}  EFF {}  TZ {}  DST YES",
            order.number, order.start, order.zone
        ),
        "SWITCH SEGUE".to_owned(),
        "  ON".to_owned(),
    ];
    match hours {
        None => split(&mut lines, 4, parts(order)),
        Some(hours) => {
            let holidays = hours.holidays();
            let holidays = holidays.map(|(date, parts)| (format!("DATE {date}"), parts));
            let week = hours.week().into_iter();
            let week = week.map(|(days, parts)| (format!("DAY {days}"), parts));
            for (when, day) in holidays.chain(week) {
                lines.push(format!("    {when}"));
                for part in day {
                    lines.push(format!("      TIME {part}"));
                    let home = [(100, order.home.as_str())].into_iter();
                    if part.open {
                        split(&mut lines, 8, parts(order));
                    } else {
                        split(&mut lines, 8, home);
                    }
                }
            }
        }
    }
    lines.push("  OFF".to_owned());
    lines.push(format!("    TERM {}", order.home));
    lines
}

/// One place, or branches of whole percents.
fn split<'p>(lines: &mut Vec<String>, indent: usize, parts: impl Iterator<Item = (u8, &'p str)>) {
    let parts: Vec<_> = parts.collect();
    let space = " ".repeat(indent);
    if let [(_, place)] = parts[..] {
        lines.push(format!("{space}TERM {place}"));
        return;
    }
    for (percent, place) in parts {
        lines.push(format!("{space}PERCENT {percent:02}"));
        lines.push(format!("{space}  TERM {place}"));
    }
}

fn script(
    order: &Order,
    share: &Instructions,
    start: &Instructions,
    hours: Option<&OrderHours>,
) -> Vec<String> {
    let who = match order.mechanism {
        Mechanism::TollFreeCpr => {
            "Call the RespOrg's service desk; have the login or phone PIN at hand."
        }
        Mechanism::AmazonConnect => {
            "Sign in to Amazon Connect with the role that may update traffic distribution."
        }
        Mechanism::CallForwarding => "Go to a telephone on the line itself.",
        Mechanism::PbxRouting => "Ask the PBX's administrator.",
        Mechanism::SipTrunk => "Nobody need be called: both parties approve the step in Segue.",
    };
    let mut steps = vec![
        who.to_owned(),
        format!(
            "Say: \"For {}, please change the routing as follows.\"",
            order.number
        ),
    ];
    steps.extend(start.steps.first().cloned());
    steps.extend(share.steps.iter().cloned());
    if let Some(hours) = hours {
        let words = hours.words().join("; ");
        steps.push(format!(
            "Only in these hours, {} time, each end not included; every other hour goes to {}: {words}.",
            order.zone, order.home
        ));
        if hours.has_holidays() {
            steps.push(
                "A date that is named has its own hours, in place of its weekday's.".to_owned(),
            );
        }
        steps.push(
            "In the night when the clocks change it is the carrier's clock that counts: prove those hours by a test call."
                .to_owned(),
        );
    }
    steps.push(
        "Have it read back to you, and write down the ticket number and the person's name."
            .to_owned(),
    );
    steps
}

fn rollback(order: &Order) -> Vec<String> {
    let home = format!("every call to {}", order.home);
    match order.mechanism {
        Mechanism::TollFreeCpr => vec![format!(
            "SWITCH SEGUE OFF, effective NOW, high priority: {home}"
        )],
        Mechanism::AmazonConnect => vec![format!(
            "update-traffic-distribution with {} 100 % and {} 0 %, agents too",
            order.home, order.out
        )],
        Mechanism::CallForwarding => vec![format!("dial *73 on the line itself: {home}")],
        Mechanism::PbxRouting => vec![format!("allocate 100 % to {}: {home}", order.home)],
        Mechanism::SipTrunk => vec!["segue fallback".to_owned()],
    }
}

/// What changed between two orders of one number, a line each; nothing if nothing did.
pub fn diff(before: &Compiled, after: &Compiled) -> Vec<String> {
    let fields = [
        (
            "mechanism",
            before.mechanism.clone(),
            after.mechanism.clone(),
        ),
        (
            "share",
            format!("{} %", before.percent_out),
            format!("{} %", after.percent_out),
        ),
        ("start", before.start.clone(), after.start.clone()),
        ("hours", hours_text(before), hours_text(after)),
    ];
    let changed = fields.into_iter().filter(|(_, a, b)| a != b);
    let mut lines: Vec<String> = changed
        .map(|(name, a, b)| format!("{name}: {a} → {b}"))
        .collect();
    let gone = before
        .artefact
        .iter()
        .filter(|line| !after.artefact.contains(line));
    lines.extend(gone.map(|line| format!("- {}", line.trim())));
    let new = after
        .artefact
        .iter()
        .filter(|line| !before.artefact.contains(line));
    lines.extend(new.map(|line| format!("+ {}", line.trim())));
    lines
}

fn hours_text(compiled: &Compiled) -> String {
    if compiled.hours.is_empty() {
        "always".to_owned()
    } else {
        compiled.hours.join("; ")
    }
}

/// Whether what was read back from Amazon Connect (`get-traffic-distribution`) is what was ordered:
/// calls and agents both. `None` if it cannot be read.
pub fn connect_holds(order: &Order, read_back: &str) -> Option<bool> {
    let value: Value = serde_json::from_str(read_back).ok()?;
    let percent_of = |config: &str| {
        let list = value[config]["Distributions"].as_array()?;
        let out = list
            .iter()
            .find(|entry| entry["Region"] == order.out.as_str())?;
        out["Percentage"].as_u64()
    };
    let wanted = u64::from(order.share.percent());
    Some(percent_of("TelephonyConfig")? == wanted && percent_of("AgentConfig")? == wanted)
}

/// Whether the arrivals on both sides fit the share: within 2.58 standard deviations (99 %) of it, where
/// a mechanism draws each call. `None` before there are enough to say.
pub fn arrivals_fit(share: TrafficShare, out: u32, home: u32) -> Option<bool> {
    const CALLS_MIN: u32 = 30;
    let calls = out.checked_add(home).filter(|calls| *calls >= CALLS_MIN)?;
    let p = f64::from(share.basis_points()) / 10_000.0;
    let expected = f64::from(calls) * p;
    let deviation = (expected * (1.0 - p)).sqrt();
    // Half a call for the step of a count.
    Some((f64::from(out) - expected).abs() <= 2.58 * deviation + 0.5)
}

/// Whether test calls, by whom they reached (the outsourcer, in-house, nobody), fit the share. `None` while a side that takes calls
/// was not reached yet, and before there is a call.
pub fn test_calls_fit(share: TrafficShare, [out, home, nobody]: [usize; 3]) -> Option<bool> {
    let wrong = |calls: usize, percent: u8| calls > 0 && percent == 0;
    let (to_out, to_home) = (share.percent(), 100 - share.percent());
    if nobody > 0 || wrong(out, to_out) || wrong(home, to_home) {
        return Some(false);
    }
    let reached = |calls: usize, percent: u8| calls > 0 || percent == 0;
    (reached(out, to_out) && reached(home, to_home)).then_some(true)
}

/// Of these test numbers, one whose caller goes out and one whose caller stays, each as near to the
/// threshold as there is: the two test calls that prove a share. `None` for a side without one.
pub fn witnesses<'n>(
    key: &CallerKey,
    line_group: &str,
    share: TrafficShare,
    numbers: impl IntoIterator<Item = &'n str>,
) -> (Option<&'n str>, Option<&'n str>) {
    let drawn = numbers
        .into_iter()
        .map(|number| (key.bucket(line_group, number), number));
    let (out, home): (Vec<_>, Vec<_>) =
        drawn.partition(|(bucket, _)| *bucket < share.basis_points());
    let below = out.into_iter().max().map(|(_, number)| number);
    let above = home.into_iter().min().map(|(_, number)| number);
    (below, above)
}

/// What a mechanism can do, in words, a line each.
pub fn capability_text(capability: RouteCapability) -> Vec<String> {
    let stickiness = match capability.stickiness {
        Stickiness::PerCaller => "the same side for a caller who calls again",
        Stickiness::PerCall => "every call drawn anew",
        Stickiness::OneSide => "one side at a time",
    };
    let verify: Vec<_> = capability.verify.iter().map(|kind| kind.words()).collect();
    vec![
        format!("shares in steps of {} %", capability.percent_step),
        format!("starts in steps of {} min", capability.time_step_min),
        stickiness.to_owned(),
        format!(
            "holds everywhere within {} s, back within {} s",
            capability.apply_latency_s, capability.rollback_latency_s
        ),
        format!("proved by {}", verify.join(" and ")),
    ]
}
