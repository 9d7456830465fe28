//! The floors as they would be signed: tried on the client's own baseline first, and loosened until it breaks them by chance no
//! more than once a quarter (`domain.md` §7.13, `statistics.md` Verdicts 6).

use crate::course::Course;
use crate::director::routes_of;
use crate::floors::{AgreedFloors, Floors, Interval, Verdict, Verdicts};
use crate::live::joined;
use crate::setting::Setting;
use crate::stage::{Side, Stage};
use segue_capacity::simulate::INTERVAL_US;
use segue_domain::Transition;
use serde::Serialize;

/// Intervals after an alarm that belong to it: the cool-down of a day.
const ONE_ALARM_INTERVALS: usize = 96;
/// Intervals of a quarter of a year.
const QUARTER_INTERVALS: usize = 13 * 7 * 96;
/// What is tried: the defaults first.
const SERVICE_LEVEL_PERCENT: [u32; 5] = [50, 40, 30, 20, 10];
const ABANDONED_PERCENT: [u32; 8] = [15, 20, 25, 30, 35, 40, 50, 60];
const LONGEST_WAIT_S: [u32; 5] = [600, 720, 900, 1_200, 1_800];
const NONE_ANSWERED_OF: [u32; 4] = [5, 8, 12, 20];
/// The stream of chance that the baseline is played with; replications count from zero.
const BASELINE: u64 = u64::MAX;

/// A chunk's floors, with what they cost in false alarms.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SignedFloors {
    /// The chunk.
    pub chunk: String,
    /// Its floors.
    #[serde(flatten)]
    pub floors: Floors,
    /// Alarms on the client's own baseline in the rehearsed period, in which nothing is wrong.
    pub false_alarms: usize,
    /// How many of them a quarter are borne; where even the loosest floors break more often, the number above says so.
    pub false_alarms_max: usize,
}

/// Signs floors for every chunk.
pub(crate) fn sign(s: &Setting, t: &Transition, no_move: &Course) -> Vec<SignedFloors> {
    let chunks: Vec<_> = t.chunks.keys().collect();
    let routes: Vec<_> = chunks.iter().map(|chunk| routes_of(s, t, chunk)).collect();
    let seen = baseline(s, no_move, &routes);
    let signed = chunks.iter().zip(seen).map(|(chunk, seen)| {
        let most = (seen.len() / QUARTER_INTERVALS).max(1);
        let floors = tried(&seen, most);
        SignedFloors {
            chunk: chunk.to_string(),
            floors,
            false_alarms: alarms(floors, &seen),
            false_alarms_max: most,
        }
    });
    signed.collect()
}

/// Each floor loosened alone until it takes no more than its quarter of the false alarms; else as loose as it comes.
fn tried(seen: &[Interval], most: usize) -> Floors {
    let borne = |floors: Floors| alarms(floors, seen) * 4 <= most;
    let never = Floors {
        service_level_percent: 0,
        abandoned_percent: 100,
        longest_wait_s: u32::MAX,
        none_answered_of: u32::MAX,
        ..Floors::default()
    };
    let mut signed = Floors::default();
    let mut loosen = |tried: &[u32], set: fn(&mut Floors, u32)| {
        for value in tried {
            set(&mut signed, *value);
            let mut alone = never;
            set(&mut alone, *value);
            if borne(alone) {
                break;
            }
        }
    };
    loosen(&SERVICE_LEVEL_PERCENT, |f, percent| {
        f.service_level_percent = percent;
    });
    loosen(&ABANDONED_PERCENT, |f, percent| {
        f.abandoned_percent = percent;
    });
    loosen(&LONGEST_WAIT_S, |f, wait_s| f.longest_wait_s = wait_s);
    loosen(&NONE_ANSWERED_OF, |f, calls| f.none_answered_of = calls);
    signed
}

/// What is seen of each chunk at home, interval by interval, while nothing moves.
fn baseline(s: &Setting, no_move: &Course, routes: &[Vec<usize>]) -> Vec<Vec<Interval>> {
    let mut stage = Stage::new(s, BASELINE).watching_home();
    let mut seen = vec![Vec::new(); routes.len()];
    let mut staffed = no_move.staffed().iter().peekable();
    let mut at_us = s.from_us;
    while at_us < s.to_us {
        while stage.next_before(at_us).is_some() {
            stage.offer_next(Side::Home);
        }
        stage.advance(at_us);
        while let Some((_, people)) = staffed.next_if(|(from_us, _)| *from_us <= at_us) {
            stage.staff(people);
        }
        for (seen, routes) in seen.iter_mut().zip(routes) {
            let own = routes.iter().map(|route| stage.take_interval(*route));
            seen.push(own.fold(Interval::default(), joined));
        }
        at_us += INTERVAL_US;
    }
    seen
}

fn alarms(floors: Floors, seen: &[Interval]) -> usize {
    let mut judge = AgreedFloors::new(floors);
    let mut alarms = 0;
    let mut quiet_until = 0;
    for (n, interval) in seen.iter().enumerate() {
        let broken = matches!(judge.assess(Some(*interval)), Verdict::Fail(_));
        if broken && n >= quiet_until {
            alarms += 1;
            quiet_until = n + ONE_ALARM_INTERVALS;
        }
    }
    alarms
}
