//! A day of scripted traffic on virtual time: calls, records out of order, the loop, and the desk or the domain behind it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use segue_capacity::counterfactual::frozen::{Asked, replay};
use segue_domain::contingency::library::TriggerKind;
use segue_domain::contingency::triggers::{SetTriggers, SignTrigger, hash};
use segue_domain::contingency::watch::Hold;
use segue_domain::counterfactual::StaffingKey;
use segue_domain::counterfactual::frozen_staffing::{
    FreezeStaffing, SignFrozenStaffing, StaffedHours,
};
use segue_domain::counterfactual::replayed::RecordCounterfactual;
use segue_domain::ids::ChunkId;
use segue_domain::signature::hash_to_sign;
use segue_domain::{Actor, Command, Event, Role, Side, Transition, apply, decide};
use segue_example::{Example, Goal, MOVES_MAX, Move, of, sign};
use segue_guard::segments::{Language, Who};
use segue_guard::{
    BLOCK_MIN, CallKey, Exhibit, Fact, Fed, Outside, Recorded, Routed, Turn, Watch, rules,
};
use segue_journal::{CommandId, Desk, Request, SqlJournal, StreamId};
use segue_parity::calibration::OwnWeeks;
use segue_parity::guard::record::Arm;
use segue_parity::kpi::Ratio;

pub(super) const MSG: &str = "RVS-Main/MSG";
const CALLS_PER_HOUR: u32 = 240;

/// How a centre is doing.
#[derive(Clone, Copy)]
pub(super) enum Centre {
    /// Emptied: somebody picks up at once and nobody gives up.
    Idle,
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

/// The desk over a real journal in a temporary directory.
struct Office {
    runtime: tokio::runtime::Runtime,
    desk: Desk<SqlJournal>,
    stream: StreamId,
    commands: u64,
    _directory: tempfile::TempDir,
}

impl Office {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("journal.db");
        let journal = SqlJournal::open(&file);
        let journal = runtime.block_on(journal).unwrap();
        Self {
            runtime,
            desk: Desk::new(journal),
            stream: StreamId::new("riverside").unwrap(),
            commands: 0,
            _directory: directory,
        }
    }

    fn execute(
        &mut self,
        actor: &Actor,
        command: Command,
        now: Timestamp,
    ) -> (Vec<Event>, Transition) {
        self.commands += 1;
        let request = Request {
            stream: self.stream.clone(),
            command_id: CommandId::new(format!("day-{}", self.commands)).unwrap(),
            actor: actor.clone(),
            command,
            now,
        };
        let answer = self.runtime.block_on(self.desk.execute(&request)).unwrap();
        (answer.events, Transition::clone(&answer.state))
    }
}

pub(super) struct Day {
    /// Where commands go; nothing: straight to the domain's own decision.
    office: Option<Office>,
    /// The chunk that is played.
    pub(super) chunk: ChunkId,
    /// Another chunk that is out beside it, and how its centres do.
    pub(super) beside: Option<(ChunkId, Centre, Centre)>,
    pub(super) t: Transition,
    pub(super) watch: Watch,
    rng: ChaCha8Rng,
    pub(super) now: Timestamp,
    calls: u128,
    /// Facts on their way: due, fact.
    underway: Vec<(Timestamp, Fact)>,
    /// All that was told, to be told again.
    pub(super) heard: Vec<Fact>,
    pub(super) events: Vec<(Timestamp, Event)>,
    pub(super) turns: Vec<Turn>,
    /// Another share than the agreed one: a centre that is emptied further than the plan of the example goes.
    pub(super) emptied_bp: Option<u16>,
    pub(super) outsourced_feed: bool,
    /// A desk that takes no command that lowers a share, so many times.
    pub(super) deaf: u32,
    pub(super) look_every_min: u32,
    /// How many of the outsourced callers who speak Spanish, one in eight, leave before anybody answers.
    pub(super) spanish_give_up: f64,
    /// Whether blocks are replayed through the frozen staffing, where one is.
    pub(super) replays: bool,
}

fn segue() -> Actor {
    Actor::new("segue", Side::Client, &[Role::Duty])
}

impl Day {
    /// Live at 20 %, with "nobody answers" and "guardrail fail" signed by both to act alone.
    pub(super) fn live(automatic: bool) -> Self {
        Self::live_at(20, automatic)
    }

    pub(super) fn live_at(percent: u8, automatic: bool) -> Self {
        let mut day = Self::at(&Goal::Live(MSG.into(), percent), MSG, None);
        if automatic {
            day.arm();
        }
        day
    }

    /// On the way to a goal, straight through the domain or through a desk over a journal.
    pub(super) fn through_the_desk(goal: &Goal, chunk: &str) -> Self {
        Self::at(goal, chunk, Some(Office::open()))
    }

    fn at(goal: &Goal, chunk: &str, office: Option<Office>) -> Self {
        let mut day = Self {
            office,
            chunk: chunk.into(),
            beside: None,
            t: Transition::new("riverside".into()),
            watch: Watch::default(),
            rng: ChaCha8Rng::seed_from_u64(11),
            now: "2026-11-02T14:00:00Z".parse().unwrap(),
            calls: 0,
            underway: Vec::new(),
            heard: Vec::new(),
            events: Vec::new(),
            turns: Vec::new(),
            emptied_bp: None,
            outsourced_feed: true,
            deaf: 0,
            look_every_min: 1,
            spanish_give_up: 0.0,
            replays: true,
        };
        let example = Example::riverside();
        for _ in 0..MOVES_MAX {
            match example.next(&day.t, goal, day.now) {
                None => break,
                Some(Move::Wait(until)) => day.now = until,
                Some(Move::Say(said)) => {
                    let (actor, command) = *said;
                    day.does(&actor, command);
                }
            }
        }
        day.events.clear();
        day.show(true);
        day
    }

    /// The exhibit of the client's own weeks, for the rules in force now.
    pub(super) fn show(&mut self, calm: bool) {
        let chunk = self.t.chunk(&self.chunk).unwrap();
        let exhibit = Exhibit {
            chunk: self.chunk.clone(),
            rules: rules(&self.t, chunk).unwrap(),
            calls: 20_000,
            days: 28,
            shown: OwnWeeks {
                false_roll_backs: Ratio {
                    numerator: if calm { 0 } else { 40 },
                    denominator: 200,
                },
                upper: 0.0,
                may_arm: calm,
            },
        };
        self.watch.show([exhibit]);
    }

    pub(super) fn arm(&mut self) {
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

    pub(super) fn does(&mut self, actor: &Actor, command: impl Into<Command>) {
        let command = command.into();
        let events = if let Some(office) = &mut self.office {
            let (events, state) = office.execute(actor, command, self.now);
            self.t = state;
            events
        } else {
            let events = decide(&self.t, &command, actor, self.now).unwrap();
            for event in &events {
                apply(&mut self.t, event);
            }
            events
        };
        let now = self.now;
        self.events
            .extend(events.into_iter().map(|event| (now, event)));
    }

    pub(super) fn is_out(&self) -> bool {
        self.t.chunk(&self.chunk).unwrap().is_out()
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
    fn call(&mut self, chunk: &ChunkId, in_house: Centre, outsourced: Centre) {
        self.calls += 1;
        let call = CallKey::read(&format!("{:032x}", self.calls << 64 | self.calls)).unwrap();
        let agreed_bp = self.t.chunk(chunk).unwrap().share.basis_points();
        let pi_bp = self.emptied_bp.unwrap_or(agreed_bp);
        let out = self.unit() < f64::from(pi_bp) / 10_000.0;
        let arm = if out { Arm::Outsourced } else { Arm::InHouse };
        let routed = Routed {
            call,
            at: self.now,
            chunk: chunk.clone(),
            arm,
            pi_bp,
            caller: None,
        };
        self.underway.push((self.now, Fact::Routed(routed)));
        let centre = if out { outsourced } else { in_house };
        // Talks are told for messages of 90 s and as much longer as the chunk's own calls are.
        let planned = &self.t.chunk(chunk).unwrap().planned;
        let base = self.t.baselines.of(&planned.site, &planned.call_type);
        let longer = f64::from(base.unwrap().aht_s) / 90.0;
        let (wait_s, talk_s, gives_up): (f64, f64, f64) = match centre {
            Centre::Idle => (0.5, 90.0, 0.0),
            Centre::Well => (6.0, 90.0, 0.01),
            Centre::Slow => (14.0, 170.0, 0.02),
            Centre::Leaky => (6.0, 90.0, 0.11),
            Centre::HangUps => (35.0, 170.0, 0.33),
            Centre::Voicemail => (20.0, 0.0, 0.0),
        };
        let spanish = self.calls.is_multiple_of(8);
        let who = Who {
            language: Some(if spanish {
                Language::Spanish
            } else {
                Language::English
            }),
            age: None,
        };
        let gives_up = if out && spanish {
            gives_up.max(self.spanish_give_up)
        } else {
            gives_up
        };
        let picked = self.now + self.exponential(wait_s);
        let left = self.unit() < gives_up;
        let over = picked + self.exponential((talk_s * longer).max(20.0));
        let waiting = Recorded {
            call,
            by: arm,
            waiting_since: self.now,
            answered_at: None,
            abandoned_at: None,
            ended_at: None,
            who,
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
    pub(super) fn play(&mut self, minutes: u32, in_house: Centre, outsourced: Centre) {
        for minute in 0..minutes {
            for _ in 0..CALLS_PER_HOUR / 60 {
                let chunk = self.chunk.clone();
                self.call(&chunk, in_house, outsourced);
                if let Some((chunk, in_house, outsourced)) = self.beside.clone() {
                    self.call(&chunk, in_house, outsourced);
                }
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
                self.heard.push(fact.clone());
                self.watch.hear(fact);
            }
            self.feeds();
            self.replay();
            if minute % self.look_every_min != 0 {
                continue;
            }
            self.look();
        }
    }

    /// Both freeze so many agents, round the clock, as the staffing of before.
    pub(super) fn freeze(&mut self, agents: u32) {
        let first_out = self.t.ramps[&self.chunk][0].at;
        let before = self
            .t
            .day_at(&"RVS-Main".into(), first_out)
            .yesterday()
            .unwrap();
        let key = StaffingKey::of(&self.t.chunk(&self.chunk).unwrap().planned);
        let freeze = FreezeStaffing {
            key: key.clone(),
            staffed: vec![StaffedHours {
                hours: "always".into(),
                agents,
            }],
            holidays: Vec::new(),
            patience_s: Some(90),
            show_up_bp: 10_000,
            first_day: before,
            last_day: before,
            reference: "agents on the phones, report 3".into(),
        };
        self.does(&of(Side::Client, Role::Implementation), freeze);
        for side in Side::BOTH {
            let actor = of(side, Role::Signatory);
            let fields = serde_json::json!({ "site": key.site, "call_type": key.call_type });
            let fields = fields.as_object().unwrap();
            let hash = hash_to_sign(&self.t, "sign_frozen_staffing", fields).unwrap();
            let command = SignFrozenStaffing {
                key: key.clone(),
                signature: sign(&actor, &hash),
            };
            self.does(&actor, command);
        }
    }

    /// What the node does two minutes after a block is over.
    fn replay(&mut self) {
        let length_s = i64::from(BLOCK_MIN) * 60;
        let key = StaffingKey::of(&self.t.chunk(&self.chunk).unwrap().planned);
        let since_s = self.now.as_second().rem_euclid(length_s);
        let Some(staffing) = self.t.counterfactuals.agreed(&key).cloned() else {
            return;
        };
        if !self.replays || !(120..180).contains(&since_s) {
            return;
        }
        let until = Timestamp::from_second(self.now.as_second() - since_s).unwrap();
        let from = until - SignedDuration::from_secs(length_s);
        let began = from - SignedDuration::from_secs(length_s);
        let mut arrivals = vec![0; 24];
        for fact in &self.heard {
            if let Fact::Routed(routed) = fact
                && (began..until).contains(&routed.at)
            {
                let place = routed.at.duration_since(began).as_secs() / 900;
                arrivals[usize::try_from(place).unwrap()] += 1;
            }
        }
        let asked = Asked {
            from,
            until,
            arrivals,
            holidays: std::collections::BTreeMap::new(),
            within_s: self.t.terms.service_level_threshold_s,
            short_abandon_s: self.t.terms.short_abandon_s,
        };
        let zone = TimeZone::get("America/New_York").unwrap();
        let block = replay(&staffing, &zone, asked).unwrap();
        self.does(
            &segue().watching_nodes(),
            RecordCounterfactual { key, block },
        );
    }

    /// Both centres' feeds speak, where they do.
    fn feeds(&mut self) {
        for by in Arm::BOTH {
            if by == Arm::InHouse || self.outsourced_feed {
                let complete_until = self.now - SignedDuration::from_mins(1);
                self.watch.hear(Fact::Fed(Fed { by, complete_until }));
            }
        }
    }

    /// One look, and what follows from it.
    fn look(&mut self) {
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

    pub(super) fn alarms(&self) -> Vec<TriggerKind> {
        let raised = |(_, event): &(Timestamp, Event)| match event {
            Event::AlarmRaised(alarm) => Some(alarm.kind),
            _ => None,
        };
        self.events.iter().filter_map(raised).collect()
    }

    pub(super) fn home(&self) -> Option<(Timestamp, String)> {
        self.events.iter().find_map(|(at, event)| match event {
            Event::FellBack(fell) => Some((*at, fell.reason.clone())),
            _ => None,
        })
    }

    /// What the journal knows the guard to hold.
    pub(super) fn held(&self) -> Option<Hold> {
        let watch = self.t.contingency.watches.get(self.chunk.as_str())?;
        watch.held.map(|(hold, _)| hold)
    }

    pub(super) fn share(&self) -> u8 {
        self.t.chunk(&self.chunk).unwrap().share.percent()
    }

    pub(super) fn advised(&self) -> Vec<&'static str> {
        let pages = self.turns.iter().filter_map(|turn| turn.page.as_ref());
        pages.map(|page| page.advised).collect()
    }
}
