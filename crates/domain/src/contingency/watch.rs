//! The watch (A32, §7.1, §7.14): what the watching service observed, from outcomes rather than trunk states, and what
//! follows: an alarm to a person, or the way home where both parties signed that trigger.

use super::library::{Advice, Threshold, TriggerKind};
use super::triggers::SetTrigger;
use crate::Decided;
use crate::actor::{Actor, Side};
use crate::basis_points;
use crate::chunks::Chunk;
use crate::event::Event;
use crate::fallback::{self, Cause, Return, Scope};
use crate::gates::{Finding, GateLeg};
use crate::ids::PersonId;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a heartbeat call ended. Carriers call all but the last two connected or do not act on them (§3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Heartbeat {
    /// As it should be.
    Answered,
    /// Answered, but by no human where one was asked for: a voicemail.
    NoHuman,
    /// Answered by a wrong announcement: "the office is closed".
    WrongPrompt,
    /// It rang and rang.
    Ringing,
    /// 486 busy.
    Busy,
    /// Refused, unreachable or a transport error: 503.
    Failed,
}

/// What was observed at the outsourcer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Observed {
    /// One heartbeat call.
    Heartbeat {
        /// How it ended.
        outcome: Heartbeat,
    },
    /// Calls counted from the caller's side, over the window both agreed.
    Calls {
        /// Offered.
        offered: u64,
        /// Answered.
        answered: u64,
        /// Answered within the threshold.
        answered_within: u64,
        /// Callers who gave up.
        abandoned: u64,
    },
    /// The outsourcer's trunks.
    Trunks {
        /// That are up.
        up: u32,
        /// Of so many.
        of: u32,
    },
    /// The guardrail's verdict.
    Guardrail {
        /// Whether it is Fail.
        failed: bool,
    },
    /// Mean handle time.
    HandleTime {
        /// Observed.
        aht_s: u64,
        /// Planned.
        planned_s: u64,
    },
    /// Agents logged in.
    Agents {
        /// Logged in.
        logged_in: u64,
        /// Rostered.
        rostered: u64,
    },
    /// What the guard says of the way forward.
    Guard {
        /// Why nothing goes forward; nothing where it may.
        holds: Option<Hold>,
    },
}

/// Why the guard lets nothing go forward. The way home is never held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// A feed of call records has been silent for more than twice its cadence: silence is never success.
    FeedSilent,
    /// What is known of the calls speaks against more of them.
    Evidence,
    /// In-house is below its floor too: whatever moves now moves into trouble.
    InHouseUnwell,
}

impl Hold {
    /// The cause in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::FeedSilent => "a feed of call records is silent",
            Self::Evidence => "what is known of the calls does not carry more of them yet",
            Self::InHouseUnwell => "in-house is below its floor too",
        }
    }
}

/// Reports what the watch observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReportObservation {
    /// `all`, a site or a chunk.
    pub scope: String,
    /// What was observed.
    pub observed: Observed,
    /// Calls that the forecast expects there in 100 hours like this one: 600 is six an hour.
    #[serde(default)]
    pub forecast_per_100_h: Option<u32>,
}

/// Raises an alarm by hand: the button of the triggers that no watch can see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RaiseAlarm {
    /// What went wrong.
    pub kind: TriggerKind,
    /// `all`, a site or a chunk.
    pub scope: String,
    /// What was seen, without a caller's or patient's data.
    pub seen: String,
}

/// Something was observed that changes what the watch thinks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservationRecorded {
    /// `all`, a site or a chunk.
    pub scope: String,
    /// What.
    pub observed: Observed,
    /// When.
    pub at: Timestamp,
}

/// A trigger fired: the duty managers of both parties and the owner are paged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmRaised {
    /// The trigger.
    pub kind: TriggerKind,
    /// `all`, a site or a chunk.
    pub scope: String,
    /// What fired it.
    pub seen: String,
    /// What a person is advised to do.
    pub advice: Advice,
    /// Who owns the trigger.
    pub owner: PersonId,
    /// Whether a watch observed it; otherwise somebody pressed the button.
    pub watched: bool,
    /// Since when it has been so.
    pub since: Timestamp,
    /// When it fired.
    pub at: Timestamp,
}

/// What the watch thinks of one scope, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Watch {
    /// Heartbeats that failed without one between them that did not.
    pub failures_in_a_row: u32,
    /// When the first of them did.
    pub failing_since: Option<Timestamp>,
    /// Open alarms, since when.
    pub open: BTreeMap<TriggerKind, Timestamp>,
    /// Why the guard lets nothing go forward, since when.
    pub held: Option<(Hold, Timestamp)>,
}

impl Watch {
    pub(super) fn see(&mut self, observed: &Observed, at: Timestamp) {
        match observed {
            Observed::Heartbeat {
                outcome: Heartbeat::Answered,
            } => {
                self.failures_in_a_row = 0;
                self.failing_since = None;
            }
            Observed::Heartbeat { .. } => {
                self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
                self.failing_since.get_or_insert(at);
            }
            Observed::Guard { holds } => self.held = holds.map(|hold| (hold, at)),
            _ => {}
        }
    }
}

impl Threshold {
    /// Whether the last observation meets it; `None` where it speaks of something else.
    pub(super) fn is_met(self, watch: &Watch, observed: &Observed) -> Option<bool> {
        Some(match (self, *observed) {
            (Self::FailuresInARow { count }, Observed::Heartbeat { .. }) => {
                watch.failures_in_a_row >= count
            }
            (
                Self::NoneAnswered { offered: least },
                Observed::Calls {
                    offered, answered, ..
                },
            ) => answered == 0 && offered >= u64::from(least),
            (Self::EveryTrunkDown, Observed::Trunks { up, of }) => up == 0 && of > 0,
            (Self::VerdictFail, Observed::Guardrail { failed }) => failed,
            (
                Self::AnsweredBelow { bp },
                Observed::Calls {
                    offered,
                    answered_within,
                    ..
                },
            ) => is_less(answered_within, offered, bp),
            (
                Self::AbandonedAbove { bp },
                Observed::Calls {
                    offered, abandoned, ..
                },
            ) => basis_points::is_more(abandoned, offered, bp),
            (Self::HandleTimeAbove { bp }, Observed::HandleTime { aht_s, planned_s }) => {
                basis_points::is_more(aht_s, planned_s, bp)
            }
            (
                Self::AgentsBelow { bp },
                Observed::Agents {
                    logged_in,
                    rostered,
                },
            ) => is_less(logged_in, rostered, bp),
            _ => return None,
        })
    }
}

/// Less than so many basis points of something; of nothing there is no less.
fn is_less(part: u64, whole: u64, bp: u32) -> bool {
    u128::from(part) * 10_000 < u128::from(whole) * u128::from(bp)
}

/// What was observed, and what follows from it in the same breath.
pub(crate) fn report(
    t: &Transition,
    c: &ReportObservation,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    if matches!(c.observed, Observed::Guard { holds: None }) {
        actor.require_side(Side::Client, "lift what the guard holds")?;
    }
    let scope = Scope::read(t, &c.scope)?;
    let name = scope.to_string();
    let before = t
        .contingency
        .watches
        .get(&name)
        .cloned()
        .unwrap_or_default();
    let mut watch = before.clone();
    watch.see(&c.observed, now);
    let mut events = Vec::new();
    if is_news(t, &before, &watch, &c.observed) {
        events.push(Event::ObservationRecorded(ObservationRecorded {
            scope: name.clone(),
            observed: c.observed,
            at: now,
        }));
    }
    let since = watch.failing_since.unwrap_or(now);
    let met = |set: &&SetTrigger| set.trigger.threshold.is_met(&watch, &c.observed) == Some(true);
    let mut home = None;
    for set in t.contingency.triggers.values().filter(met) {
        let kind = set.trigger.kind;
        if !before.open.contains_key(&kind) {
            let seen = set.trigger.threshold.words();
            events.push(alarm(set, &name, seen, Some(since), now));
        }
        if set.acts() {
            let since = before.open.get(&kind).copied().unwrap_or(since);
            home.get_or_insert((kind, since));
        }
    }
    if let Some((kind, since)) = home {
        let cause = Cause::Trigger {
            kind,
            since,
            forecast_per_100_h: c.forecast_per_100_h,
        };
        let returned = Return {
            reason: format!("{}, as both parties agreed", kind.words()),
            cause,
            at: now,
            reachable: None,
            needed: None,
        };
        events.extend(fallback::bring_home(t, &scope, returned, actor));
    }
    Ok(events)
}

/// Whether the journal should know: a heartbeat that counts, or the end of what was wrong.
fn is_news(t: &Transition, before: &Watch, after: &Watch, observed: &Observed) -> bool {
    let triggers = || t.contingency.triggers.values();
    if let Observed::Guard { holds } = observed {
        return before.held.map(|(hold, _)| hold) != *holds;
    }
    if let Observed::Heartbeat { outcome } = observed {
        let counts = triggers().find_map(|set| match set.trigger.threshold {
            Threshold::FailuresInARow { count } => Some(count),
            _ => None,
        });
        return match outcome {
            Heartbeat::Answered => before.failures_in_a_row > 0,
            _ => before.failures_in_a_row < counts.unwrap_or(1),
        };
    }
    triggers().any(|set| {
        let met = set.trigger.threshold.is_met(after, observed);
        met.is_some_and(|met| met != before.open.contains_key(&set.trigger.kind))
    })
}

fn alarm(
    set: &SetTrigger,
    scope: &str,
    seen: String,
    watched_since: Option<Timestamp>,
    now: Timestamp,
) -> Event {
    Event::AlarmRaised(AlarmRaised {
        kind: set.trigger.kind,
        scope: scope.to_owned(),
        seen,
        advice: set.trigger.advice,
        owner: set.trigger.owner.clone(),
        watched: watched_since.is_some(),
        since: watched_since.unwrap_or(now),
        at: now,
    })
}

pub(crate) fn raise(t: &Transition, c: &RaiseAlarm, now: Timestamp) -> Decided {
    let scope = Scope::read(t, &c.scope)?.to_string();
    text::free("what was seen", &c.seen)?;
    let Some(set) = t.contingency.triggers.get(&c.kind) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("a trigger `{}`", c.kind.words()))
            .who("the account manager")
            .how("set it (`segue do set-triggers`); bringing calls home needs no trigger (`segue do fallback`)"));
    };
    Ok(vec![alarm(set, &scope, c.seen.clone(), None, now)])
}

pub(crate) fn apply_observed(t: &mut Transition, e: &ObservationRecorded) {
    let watch = t.contingency.watches.entry(e.scope.clone()).or_default();
    watch.see(&e.observed, e.at);
    let now = watch.clone();
    let triggers = &t.contingency.triggers;
    // What is observed to be right again is no alarm any more.
    watch.open.retain(|kind, _| {
        let set = triggers.get(kind);
        set.and_then(|set| set.trigger.threshold.is_met(&now, &e.observed)) != Some(false)
    });
}

pub(crate) fn apply_raised(t: &mut Transition, e: &AlarmRaised) {
    if e.watched {
        let watch = t.contingency.watches.entry(e.scope.clone()).or_default();
        watch.open.insert(e.kind, e.since);
    }
    t.contingency.alarms.push(e.clone());
}

/// Nothing goes out into what the watch sees is broken.
pub(super) fn findings(t: &Transition, chunk: &Chunk) -> Vec<Finding> {
    let covers = |scope: &str| {
        Scope::read(t, scope).is_ok_and(|scope| scope.covers(&chunk.planned.id, chunk))
    };
    let mut found = Vec::new();
    for (scope, watch) in &t.contingency.watches {
        if !covers(scope) {
            continue;
        }
        let finds = |says: &str, since: &Timestamp| {
            GateLeg::Technology.finds(format!("{says} at {scope} since {}", text::second(*since)))
        };
        let alarm = |kind: &TriggerKind| format!("alarm open: {}", kind.words());
        let open = watch.open.iter();
        found.extend(open.map(|(kind, since)| finds(&alarm(kind), since)));
        // What is home the guard does not watch: its last word there is of calls long over.
        let held = watch.held.iter().filter(|_| chunk.is_out());
        found.extend(
            held.map(|(hold, since)| finds(&format!("the guard holds: {},", hold.words()), since)),
        );
    }
    found
}
