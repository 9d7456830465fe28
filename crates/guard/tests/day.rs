//! A day of scripted traffic on virtual time, through the domain's own decisions: an outsourcer that silently degrades,
//! one that stays well while the in-house centre empties, and an in-house centre that fails as well.
#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use segue_domain::contingency::library::TriggerKind;
use segue_domain::contingency::triggers::{SetTriggers, SignTrigger, hash};
use segue_domain::ids::ChunkId;
use segue_domain::{Actor, Command, Event, Role, Side, Transition, apply, decide};
use segue_example::{Example, Goal, MOVES_MAX, Move, of, sign};
use segue_guard::{CallKey, Fact, Fed, Outside, Recorded, Routed, Turn, Watch};
use segue_parity::guard::record::Arm;
use segue_parity::guard::{Action, Verdict};

const MSG: &str = "RVS-Main/MSG";
const CALLS_PER_HOUR: u32 = 240;

/// How a centre is doing.
#[derive(Clone, Copy)]
enum Centre {
    /// Waits a few seconds, talks 90 s.
    Well,
    /// Talks for two and a half minutes and more, so that callers wait longer.
    Slow,
    /// Answers as quickly, but one caller in nine gives up: no floor breaks.
    Leaky,
    /// One caller in three gives up.
    HangUps,
    /// Every call ends in a voicemail: answered by no person.
    Voicemail,
}

struct Day {
    t: Transition,
    watch: Watch,
    rng: ChaCha8Rng,
    now: Timestamp,
    calls: u128,
    /// Facts on their way: due, fact.
    underway: Vec<(Timestamp, Fact)>,
    events: Vec<(Timestamp, Event)>,
    turns: Vec<Turn>,
    /// Another share than the agreed one: a centre that is emptied further than the plan of the example goes.
    emptied_bp: Option<u16>,
    outsourced_feed: bool,
    /// A desk that takes no command that lowers a share, so many times.
    deaf: u32,
    look_every_min: u32,
}

fn segue() -> Actor {
    Actor::new("segue", Side::Client, &[Role::Duty])
}

impl Day {
    /// Live at 20 %, with "nobody answers" and "guardrail fail" signed by both to act alone.
    fn live(automatic: bool) -> Self {
        Self::live_at(20, automatic)
    }

    fn live_at(percent: u8, automatic: bool) -> Self {
        let example = Example::riverside();
        let mut t = Transition::new("riverside".into());
        let mut now: Timestamp = "2026-11-02T14:00:00Z".parse().unwrap();
        let goal = Goal::Live(ChunkId::from(MSG), percent);
        for _ in 0..MOVES_MAX {
            match example.next(&t, &goal, now) {
                None => break,
                Some(Move::Wait(until)) => now = until,
                Some(Move::Say(said)) => {
                    let (actor, command) = *said;
                    for event in decide(&t, &command, &actor, now).unwrap() {
                        apply(&mut t, &event);
                    }
                }
            }
        }
        let mut day = Self {
            t,
            watch: Watch::default(),
            rng: ChaCha8Rng::seed_from_u64(11),
            now,
            calls: 0,
            underway: Vec::new(),
            events: Vec::new(),
            turns: Vec::new(),
            emptied_bp: None,
            outsourced_feed: true,
            deaf: 0,
            look_every_min: 1,
        };
        if automatic {
            day.arm();
        }
        day
    }

    fn arm(&mut self) {
        for kind in [TriggerKind::NobodyAnswers, TriggerKind::GuardrailFail] {
            let mut trigger = self.t.contingency.triggers[&kind].trigger.clone();
            trigger.automatic = true;
            trigger.false_alarms_per_quarter_bp = Some(2_500);
            let triggers = vec![trigger];
            self.does(
                &of(Side::Client, Role::Implementation),
                SetTriggers { triggers },
            );
            for side in Side::BOTH {
                let actor = of(side, Role::Signatory);
                let hash = hash(&self.t, &self.t.contingency.triggers[&kind].trigger);
                let signature = sign(&actor, &hash);
                self.does(&actor, SignTrigger { kind, signature });
            }
        }
    }

    fn does(&mut self, actor: &Actor, command: impl Into<Command>) {
        let events = decide(&self.t, &command.into(), actor, self.now).unwrap();
        for event in events {
            apply(&mut self.t, &event);
            self.events.push((self.now, event));
        }
    }

    fn is_out(&self) -> bool {
        self.t.chunk(&MSG.into()).unwrap().is_out()
    }

    fn unit(&mut self) -> f64 {
        (f64::from(self.rng.next_u32()) + 0.5) / 4_294_967_296.0
    }

    fn exponential(&mut self, mean_s: f64) -> SignedDuration {
        SignedDuration::from_secs_f64(-mean_s * self.unit().ln())
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one call, from its decision to its end"
    )]
    /// One call now: a decision at once, its record as the centre's events come in.
    fn call(&mut self, in_house: Centre, outsourced: Centre) {
        self.calls += 1;
        let call = CallKey::read(&format!("{:032x}", self.calls << 64 | self.calls)).unwrap();
        let agreed_bp = self.t.chunk(&MSG.into()).unwrap().share.basis_points();
        let pi_bp = self.emptied_bp.unwrap_or(agreed_bp);
        let out = self.unit() < f64::from(pi_bp) / 10_000.0;
        let arm = if out { Arm::Outsourced } else { Arm::InHouse };
        let routed = Routed {
            call,
            at: self.now,
            chunk: MSG.into(),
            arm,
            pi_bp,
            caller: None,
        };
        self.underway.push((self.now, Fact::Routed(routed)));
        let centre = if out { outsourced } else { in_house };
        let (wait_s, talk_s, gives_up): (f64, f64, f64) = match centre {
            Centre::Well => (6.0, 90.0, 0.01),
            Centre::Slow => (14.0, 170.0, 0.02),
            Centre::Leaky => (6.0, 90.0, 0.11),
            Centre::HangUps => (35.0, 170.0, 0.33),
            Centre::Voicemail => (20.0, 0.0, 0.0),
        };
        let picked = self.now + self.exponential(wait_s);
        let left = self.unit() < gives_up;
        let over = picked + self.exponential(talk_s.max(20.0));
        let waiting = Recorded {
            call,
            by: arm,
            waiting_since: self.now,
            answered_at: None,
            abandoned_at: None,
            ended_at: None,
        };
        let left_at = picked.max(self.now + SignedDuration::from_secs(8));
        let told = match centre {
            Centre::Voicemail => vec![(
                over,
                Recorded {
                    ended_at: Some(over),
                    ..waiting
                },
            )],
            _ if left => vec![(
                left_at,
                Recorded {
                    abandoned_at: Some(left_at),
                    ..waiting
                },
            )],
            _ => {
                let answered = Recorded {
                    answered_at: Some(picked),
                    ..waiting
                };
                vec![
                    (picked, answered),
                    (
                        over,
                        Recorded {
                            ended_at: Some(over),
                            ..answered
                        },
                    ),
                ]
            }
        };
        self.underway.push((self.now, Fact::Recorded(waiting)));
        let due = told
            .into_iter()
            .map(|(at, recorded)| (at, Fact::Recorded(recorded)));
        self.underway.extend(due);
    }

    /// Plays minutes: calls, then what has become known, then the loop, whose commands the domain decides.
    fn play(&mut self, minutes: u32, in_house: Centre, outsourced: Centre) {
        for minute in 0..minutes {
            for _ in 0..CALLS_PER_HOUR / 60 {
                self.call(in_house, outsourced);
            }
            self.now += SignedDuration::from_mins(1);
            let (known, later) = self
                .underway
                .drain(..)
                .partition(|(due, _)| *due <= self.now);
            self.underway = later;
            let mut known: Vec<(Timestamp, Fact)> = known;
            // Out of order on purpose: what came last is told first.
            known.reverse();
            for (_, fact) in known {
                self.watch.hear(fact);
            }
            for by in Arm::BOTH {
                if by == Arm::InHouse || self.outsourced_feed {
                    let complete_until = self.now - SignedDuration::from_mins(1);
                    self.watch.hear(Fact::Fed(Fed { by, complete_until }));
                }
            }
            if minute % self.look_every_min != 0 {
                continue;
            }
            for turn in self.watch.look(&self.t, self.now, Outside::default()) {
                for command in turn.commands.clone() {
                    if self.deaf > 0 && matches!(command, Command::LowerShare(_)) {
                        self.deaf -= 1;
                        continue;
                    }
                    self.does(&segue(), command);
                }
                self.turns.push(turn);
            }
        }
    }

    fn alarms(&self) -> Vec<TriggerKind> {
        let raised = |(_, event): &(Timestamp, Event)| match event {
            Event::AlarmRaised(alarm) => Some(alarm.kind),
            _ => None,
        };
        self.events.iter().filter_map(raised).collect()
    }

    fn home(&self) -> Option<(Timestamp, String)> {
        self.events.iter().find_map(|(at, event)| match event {
            Event::FellBack(fell) => Some((*at, fell.reason.clone())),
            _ => None,
        })
    }

    fn share(&self) -> u8 {
        self.t.chunk(&MSG.into()).unwrap().share.percent()
    }

    fn advised(&self) -> Vec<&'static str> {
        let pages = self.turns.iter().filter_map(|turn| turn.page.as_ref());
        pages.map(|page| page.advised).collect()
    }
}

#[test]
fn an_outsourcer_that_silently_degrades_is_found_and_the_calls_come_home() {
    let mut day = Day::live(true);
    day.play(180, Centre::Well, Centre::Well);
    assert_eq!(day.alarms(), [], "three good hours raise nothing");
    day.play(180, Centre::Well, Centre::Slow);
    assert!(
        day.alarms().contains(&TriggerKind::HandleTime),
        "{:?}",
        day.alarms()
    );
    assert!(day.is_out(), "longer calls alone move nothing");
    day.play(60, Centre::Well, Centre::HangUps);
    assert!(
        day.alarms().contains(&TriggerKind::Abandonment),
        "{:?}",
        day.alarms()
    );
    assert!(
        day.advised().contains(&"bring every call home"),
        "{:?}",
        day.advised()
    );
    let voicemail_from = day.now;
    day.play(60, Centre::Well, Centre::Voicemail);
    let (at, reason) = day.home().unwrap();
    assert_eq!(reason, "nobody answers, as both parties agreed");
    assert!(!day.is_out());
    assert!(
        at.duration_since(voicemail_from) <= SignedDuration::from_mins(20),
        "{at}"
    );
}

#[test]
fn without_signatures_the_same_day_only_pages() {
    let mut day = Day::live(false);
    day.play(120, Centre::Well, Centre::Well);
    day.play(60, Centre::Well, Centre::Voicemail);
    assert!(day.alarms().contains(&TriggerKind::NobodyAnswers));
    assert!(day.advised().contains(&"bring every call home"));
    assert_eq!(day.home(), None, "nobody signed that this needs no person");
    assert!(day.is_out());
}

/// 80 % moved: the in-house centre has next to nothing to do and answers at once. That is no harm of the outsourcer.
#[test]
fn a_healthy_outsourcer_beside_an_emptied_centre_is_left_alone() {
    let mut day = Day::live(true);
    day.emptied_bp = Some(8_000);
    day.play(600, Centre::Well, Centre::Well);
    assert_eq!(day.alarms(), []);
    assert_eq!(day.home(), None);
    let moved = [
        Action::GoHome,
        Action::PageGoHome,
        Action::ReturnToLastAccepted,
        Action::PageReturn,
    ];
    assert!(
        day.turns
            .iter()
            .all(|turn| !moved.contains(&turn.assessment.action))
    );
}

#[test]
fn calls_never_come_home_by_themselves_into_a_centre_that_fails_too() {
    let mut day = Day::live(true);
    day.play(120, Centre::Well, Centre::Well);
    day.play(90, Centre::HangUps, Centre::Well);
    day.play(90, Centre::Voicemail, Centre::Voicemail);
    assert_eq!(day.home(), None);
    assert!(day.is_out());
    assert!(
        day.turns
            .iter()
            .any(|turn| turn.assessment.action == Action::Freeze)
    );
    assert!(
        day.advised()
            .iter()
            .any(|says| says.starts_with("move nothing"))
    );
}

/// Nothing breaks a floor, but the margin on abandonment is broken day after day.
#[test]
fn a_statistical_fail_returns_to_the_last_accepted_share_and_home_if_it_goes_on() {
    let mut day = Day::live_at(50, true);
    day.look_every_min = 15;
    let leak = |day: &mut Day, until: u8| {
        let hours = (0..6 * 24).take_while(|_| {
            day.play(60, Centre::Well, Centre::Leaky);
            day.share() > until
        });
        hours.count()
    };
    let found_in_h = leak(&mut day, 20);
    assert_eq!(
        day.share(),
        20,
        "{:?}",
        day.turns.last().unwrap().assessment.reasons
    );
    assert!(day.advised().contains(&"return to the last accepted share"));
    day.play(24 * 60, Centre::Well, Centre::Well);
    assert_eq!(day.share(), 20, "what was proved once is not proved twice");
    assert_eq!(day.home(), None);
    let home_in_h = leak(&mut day, 0);
    assert_eq!(
        day.home().unwrap().1,
        "guardrail fail, as both parties agreed"
    );
    assert!(
        found_in_h < 72 && home_in_h < 120,
        "{found_in_h} h, then {home_in_h} h"
    );
}

#[test]
fn a_return_that_the_desk_did_not_take_is_asked_again() {
    let mut day = Day::live_at(50, true);
    day.look_every_min = 15;
    day.deaf = 3;
    for _ in 0..3 * 24 {
        day.play(60, Centre::Well, Centre::Leaky);
        if day.share() < 50 {
            break;
        }
    }
    assert_eq!((day.share(), day.deaf), (20, 0));
}

/// Signed when the guard began to look, and not any more: nothing is lowered without both.
#[test]
fn a_return_whose_signatures_are_gone_lowers_nothing() {
    let mut day = Day::live_at(50, true);
    day.look_every_min = 15;
    day.play(60, Centre::Well, Centre::Well);
    let mut trigger = day.t.contingency.triggers[&TriggerKind::GuardrailFail]
        .trigger
        .clone();
    trigger.automatic = false;
    let triggers = vec![trigger];
    day.does(
        &of(Side::Client, Role::Implementation),
        SetTriggers { triggers },
    );
    day.play(60 * 24 * 3, Centre::Well, Centre::Leaky);
    assert_eq!(day.share(), 50);
    assert!(day.alarms().contains(&TriggerKind::GuardrailFail));
}

#[test]
fn an_unsigned_statistical_fail_pages_and_blocks() {
    let mut day = Day::live_at(50, false);
    day.look_every_min = 15;
    day.play(60 * 24 * 6, Centre::Well, Centre::Leaky);
    assert_eq!(day.share(), 50);
    assert!(day.alarms().contains(&TriggerKind::GuardrailFail));
    assert!(day.advised().contains(&"return to the last accepted share"));
}

#[test]
fn a_silent_feed_is_no_harm_and_no_success() {
    let mut day = Day::live(true);
    day.play(120, Centre::Well, Centre::Well);
    day.outsourced_feed = false;
    let before = day.turns.len();
    day.play(60, Centre::Well, Centre::Well);
    let last = day.turns.last().unwrap();
    assert_eq!(last.assessment.action, Action::HoldAndPage);
    assert_eq!(last.assessment.verdict, Verdict::NoData);
    let pages = day.turns[before..]
        .iter()
        .filter(|turn| turn.page.is_some());
    assert_eq!(pages.count(), 1, "one page for one silence");
    assert_eq!(day.home(), None);
}

#[test]
fn the_same_day_gives_the_same_verdict_bytes() {
    let played = || {
        let mut day = Day::live(true);
        day.play(90, Centre::Well, Centre::Slow);
        let bytes = |turn: &Turn| serde_json::to_vec(&turn.assessment).unwrap();
        day.turns.iter().map(bytes).collect::<Vec<_>>()
    };
    assert_eq!(played(), played());
}
