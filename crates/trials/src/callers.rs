//! Seeded callers: when they call, who they are, how long they wait; and the task that places their calls for real.

use crate::agent::{Caller, End, Leg, Place, Progress};
use crate::dice::{Dice, seconds};
use crate::ivr::OPTION_HEADER;
use crate::stop::Stop;
use crate::tone::Tone;
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

/// Callers of one type.
#[derive(Clone, Debug, PartialEq)]
pub struct CallerType {
    /// The number they dial.
    pub public_number: String,
    /// The option they choose in the IVR.
    pub option: String,
    /// Calls in a week, before acceleration.
    pub weekly_calls: f64,
    /// Mean of their exponential patience, unscaled seconds.
    pub patience_mean_s: f64,
}

/// The whole population.
#[derive(Clone, Debug, PartialEq)]
pub struct CallerSettings {
    /// Where calls are sent (the IVR).
    pub target: SocketAddr,
    /// The types.
    pub types: Vec<CallerType>,
    /// Weight of each hour of the week, Monday 00:00 first; 168 of them, or empty for a flat week.
    pub hour_weights: Vec<f64>,
    /// Hour of the week at which the run starts, 0–167.
    pub start_hour: u32,
    /// One second here stands for this many seconds of call-centre time (≥ 1).
    pub acceleration: f64,
    /// How many different callers there are.
    pub people: u32,
    /// Share of calls that withhold the number, 0–1.
    pub anonymous_share: f64,
    /// Calls up at once; a caller beyond that is counted as not placed.
    pub calls_max: usize,
    /// Seed of everything.
    pub seed: u64,
}

/// One call to come.
#[derive(Clone, PartialEq)]
pub struct Arrival {
    /// Seconds after the start of the run, accelerated.
    pub at_s: f64,
    /// Index into `types`.
    pub caller_type: usize,
    /// `None` withholds the number.
    pub caller: Option<String>,
    /// Accelerated patience in seconds.
    pub patience_s: f64,
}

/// Fictional numbers: 555-0100 to 555-0199 of the area codes of the example's states.
const AREA_CODES: [(u32, &[u32]); 4] = [
    (82, &[201, 551, 609, 640, 732, 848, 856, 862, 908, 973]),
    (11, &[215, 267, 484, 610, 717]),
    (5, &[212, 315, 516, 914]),
    (2, &[302, 410, 203]),
];

/// The arrivals, in order, without end (or empty when nobody calls): a non-homogeneous Poisson process by thinning.
#[derive(Clone)]
pub struct Arrivals {
    settings: CallerSettings,
    dice: Dice,
    at_s: f64,
    peak_per_s: f64,
}

impl Arrivals {
    /// The arrivals of a population.
    pub fn new(settings: CallerSettings) -> Self {
        let weekly: f64 = settings
            .types
            .iter()
            .map(|caller| caller.weekly_calls)
            .sum();
        let peak = (0..168)
            .map(|hour| share_of_hour(&settings, hour))
            .fold(0.0, f64::max);
        let peak_per_s = weekly * peak / 3_600.0 * settings.acceleration;
        let dice = Dice::seeded(settings.seed, u64::MAX);
        Self {
            settings,
            dice,
            at_s: 0.0,
            peak_per_s,
        }
    }
}

/// An hour's share of the week's calls.
fn share_of_hour(settings: &CallerSettings, hour: usize) -> f64 {
    let sum: f64 = settings.hour_weights.iter().sum();
    if sum <= 0.0 {
        return 1.0 / 168.0;
    }
    settings.hour_weights.get(hour).copied().unwrap_or(0.0) / sum
}

fn number(person: u32, settings: &CallerSettings) -> String {
    // A person's number depends on nothing but the seed and who they are.
    let mut dice = Dice::seeded(settings.seed, u64::from(person));
    let state = dice
        .pick(AREA_CODES.iter().map(|(share, _)| f64::from(*share)))
        .unwrap_or(0);
    let codes = AREA_CODES.get(state).map_or(&[609][..], |(_, codes)| codes);
    let at = dice.below(u32::try_from(codes.len()).unwrap_or(1));
    let code = usize::try_from(at)
        .ok()
        .and_then(|at| codes.get(at))
        .unwrap_or(&609);
    format!("+1{code}55501{:02}", dice.below(100))
}

impl Iterator for Arrivals {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        if self.peak_per_s.is_nan() || self.peak_per_s <= 0.0 {
            return None;
        }
        let (settings, dice) = (&self.settings, &mut self.dice);
        let peak = (0..168)
            .map(|hour| share_of_hour(settings, hour))
            .fold(0.0, f64::max);
        loop {
            self.at_s += dice.exponential(1.0 / self.peak_per_s);
            let hours = seconds(self.at_s * settings.acceleration % 604_800.0).as_secs() / 3_600;
            let hour = usize::try_from(hours + u64::from(settings.start_hour)).unwrap_or(0) % 168;
            if dice.chance(share_of_hour(settings, hour) / peak) {
                break;
            }
        }
        let weights = settings.types.iter().map(|caller| caller.weekly_calls);
        let caller_type = dice.pick(weights)?;
        let patience_s = settings.types.get(caller_type)?.patience_mean_s;
        let anonymous = dice.chance(settings.anonymous_share);
        let person = dice.below(settings.people.max(1));
        Some(Arrival {
            at_s: self.at_s,
            caller_type,
            caller: (!anonymous).then(|| number(person, settings)),
            patience_s: dice.exponential(patience_s) / settings.acceleration,
        })
    }
}

/// What the callers saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CallerCounts {
    /// Calls placed.
    pub placed: u64,
    /// Calls that heard a person (1000 Hz), whoever's.
    pub heard_person: u64,
    /// Calls that gave up before a person, by BYE in the queue or CANCEL before the 200.
    pub abandoned: u64,
    /// Calls that ended without either: refused, never answered, hung up on in the queue.
    pub failed: u64,
    /// Calls cut off by the stop.
    pub cut_off: u64,
    /// Callers who found `calls_max` calls up.
    pub not_placed: u64,
}

/// The running population.
#[derive(Debug)]
pub struct Callers {
    counts: watch::Receiver<CallerCounts>,
    stop: Stop,
    task: JoinHandle<()>,
}

impl Callers {
    /// Starts calling through `caller`'s user agent.
    pub fn start(settings: CallerSettings, caller: Caller) -> Self {
        let (publish, counts) = watch::channel(CallerCounts::default());
        let stop = Stop::new();
        let task = tokio::spawn(run(settings, caller, Arc::new(publish), stop.clone()));
        Self { counts, stop, task }
    }

    /// What was seen so far.
    pub fn counts(&self) -> CallerCounts {
        *self.counts.borrow()
    }

    /// Waits until the counts satisfy `wanted`; `false` if the callers ended first.
    pub async fn until(&self, wanted: impl FnMut(&CallerCounts) -> bool) -> bool {
        self.counts.clone().wait_for(wanted).await.is_ok()
    }

    /// Places no further call, waits up to `drain` for those that are up, hangs up the rest.
    pub async fn stop(mut self, drain: Duration) -> CallerCounts {
        self.stop.stop();
        if tokio::time::timeout(drain, &mut self.task).await.is_err() {
            // Aborting drops every leg, and a dropped leg hangs up.
            self.task.abort();
            let _ = self.task.await;
        }
        let mut counts = *self.counts.borrow();
        let over = counts.heard_person + counts.abandoned + counts.failed;
        counts.cut_off = counts.placed.saturating_sub(over);
        counts
    }
}

async fn run(
    settings: CallerSettings,
    caller: Caller,
    counts: Arc<watch::Sender<CallerCounts>>,
    stop: Stop,
) {
    let started = Instant::now();
    let seats = Arc::new(Semaphore::new(settings.calls_max));
    let mut calls = JoinSet::new();
    for arrival in Arrivals::new(settings.clone()) {
        tokio::select! {
            () = stop.stopped() => break,
            () = sleep_until(started + seconds(arrival.at_s)) => {}
        }
        while calls.try_join_next().is_some() {}
        let Ok(seat) = Arc::clone(&seats).try_acquire_owned() else {
            counts.send_modify(|counts| counts.not_placed += 1);
            continue;
        };
        let Some(place) = place(&settings, &arrival) else {
            continue;
        };
        let (caller, counts) = (caller.clone(), Arc::clone(&counts));
        calls.spawn(async move {
            one_call(caller, place, seconds(arrival.patience_s), &counts).await;
            drop(seat);
        });
    }
    while calls.join_next().await.is_some() {}
}

fn place(settings: &CallerSettings, arrival: &Arrival) -> Option<Place> {
    let caller_type = settings.types.get(arrival.caller_type)?;
    let to = format!("sip:{}@{}", caller_type.public_number, settings.target);
    let mut place = Place::new(to);
    place.caller.clone_from(&arrival.caller);
    place
        .headers
        .push((OPTION_HEADER.to_owned(), caller_type.option.clone()));
    Some(place)
}

async fn one_call(
    caller: Caller,
    place: Place,
    patience: Duration,
    counts: &watch::Sender<CallerCounts>,
) {
    let Ok(leg) = caller.place(place).await else {
        counts.send_modify(|counts| counts.not_placed += 1);
        return;
    };
    counts.send_modify(|counts| counts.placed += 1);
    let heard = tokio::select! {
        heard = hears_person(&leg) => heard,
        () = sleep(patience) => {
            leg.hang_up();
            let (end, progress) = leg.ended().await;
            count_impatient(counts, end, &progress, heard_person(&leg));
            return;
        }
    };
    // A caller with a person stays until that person hangs up.
    leg.ended().await;
    counts.send_modify(|counts| {
        *if heard {
            &mut counts.heard_person
        } else {
            &mut counts.failed
        } += 1;
    });
}

/// Waits for the person's tone; `false` when the call ends without it.
async fn hears_person(leg: &Leg) -> bool {
    if let Some(audio) = leg.audio() {
        tokio::select! {
            heard = audio.until(|report| report.hearing == Some(Tone::Person)) => {
                if heard {
                    return true;
                }
            }
            _ = leg.ended() => {}
        }
    }
    leg.ended().await;
    heard_person(leg)
}

fn heard_person(leg: &Leg) -> bool {
    leg.audio()
        .is_some_and(|audio| audio.report().tone_frames.contains_key(&Tone::Person))
}

fn count_impatient(
    counts: &watch::Sender<CallerCounts>,
    end: End,
    progress: &Progress,
    heard_person: bool,
) {
    counts.send_modify(|counts| {
        *match end {
            _ if heard_person => &mut counts.heard_person,
            End::Cancelled | End::HungUpHere | End::HungUpThere => &mut counts.abandoned,
            _ if progress.answer_delay.is_some() => &mut counts.abandoned,
            _ => &mut counts.failed,
        } += 1;
    });
}
