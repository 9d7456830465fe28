//! A centre as a real SIP endpoint: answers 200 at once, plays hold, queues, lets people answer, loses the impatient,
//! and publishes ACD events. It can also misbehave on purpose, as outsourcers' trunks do.

use crate::acd::{AcdEvent, AcdEventKind};
use crate::agent::{Agent, AgentError, AgentSettings, Incoming, Leg};
use crate::clock::{Clock, millis};
use crate::feed::Publisher;
use crate::floor::{CallNumber, Floor, FloorError, FloorEvent, FloorSettings, FloorStep, Joined};
use crate::stop::Stop;
use crate::tone::Tone;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, sleep_until};

/// Messages from calls to the floor that may wait.
const FLOOR_QUEUE_MAX: usize = 4_096;
/// How long the "we are closed" announcement plays, milliseconds.
const ANNOUNCEMENT_MS: u64 = 2_000;

/// How the centre treats new calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Answer and queue.
    Normal,
    /// Refuse every call with this status code.
    Refuse(u16),
    /// Answer nothing at all, not even OPTIONS, with the port open.
    Silent,
    /// 180 and never an answer.
    RingForEver,
    /// 200, then "we are closed" (300 Hz), then hang up. No ACD event: nobody took the call in.
    Closed,
    /// The socket is closed: the kernel refuses (ICMP port unreachable).
    PortClosed,
}

/// A centre.
#[derive(Clone, Debug)]
pub struct CentreSettings {
    /// Name in events, such as `in_house`.
    pub name: String,
    /// Makes event ids unique between runs.
    pub run: String,
    /// The user agent.
    pub agent: AgentSettings,
    /// Who works here.
    pub floor: FloorSettings,
    /// Call type of a dialled number (Request-URI user, then To user).
    pub lines: BTreeMap<String, String>,
    /// Call type of any other number.
    pub default_type: String,
    /// Rings this long before the 200, milliseconds (0 = answer at once).
    pub ring_ms: u64,
}

/// Why a centre cannot start.
#[derive(Debug, Error)]
pub enum CentreError {
    /// The user agent.
    #[error("the centre's SIP side cannot start")]
    Agent(#[from] AgentError),
    /// The floor.
    #[error("the centre's floor is not set up soundly")]
    Floor(#[from] FloorError),
}

/// What a centre counted, as its ACD sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CentreCounts {
    /// Calls taken in.
    pub arrived: u64,
    /// Calls that had to wait.
    pub queued: u64,
    /// Calls a person answered.
    pub answered: u64,
    /// Calls that left first.
    pub abandoned: u64,
    /// Answered calls that are over.
    pub ended: u64,
    /// Calls turned away: full queue, unknown type, or by the behaviour ordered.
    pub refused: u64,
}

enum ToFloor {
    Join {
        call: Box<Taken>,
        orders: mpsc::Sender<ToCall>,
    },
    Leave(CallNumber),
    GivenUp(Box<Taken>),
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ToCall {
    Person,
    Over,
}

#[derive(Clone)]
struct Taken {
    number: CallNumber,
    arrived_us: u64,
    call_type: String,
    source_call_id: String,
    segue_call: Option<String>,
    dialled: String,
    to_number: Option<String>,
    caller: Option<String>,
}

/// A running centre.
#[derive(Debug)]
pub struct Centre {
    local: SocketAddr,
    behaviour: watch::Sender<Behaviour>,
    in_force: watch::Receiver<Behaviour>,
    counts: watch::Receiver<CentreCounts>,
    stop: Stop,
    task: JoinHandle<()>,
}

impl Centre {
    /// Binds and starts answering.
    pub async fn start(
        mut settings: CentreSettings,
        events: Publisher,
    ) -> Result<Self, CentreError> {
        let floor = Floor::new(settings.floor.clone())?;
        let agent = Agent::bind(settings.agent.clone()).await?;
        let local = agent.local_addr();
        settings.agent.bind = local;
        let (behaviour, wanted) = watch::channel(Behaviour::Normal);
        let (publish_in_force, in_force) = watch::channel(Behaviour::Normal);
        let (publish_counts, counts) = watch::channel(CentreCounts::default());
        let stop = Stop::new();
        let clock = Clock::start();
        let (to_floor, floor_inbox) = mpsc::channel(FLOOR_QUEUE_MAX);
        let desk = Desk {
            floor,
            clock,
            calls: HashMap::new(),
            events,
            counts: publish_counts,
            name: settings.name.clone(),
            run: settings.run.clone(),
            acceleration: settings.floor.acceleration,
            sequence: 0,
        };
        let floor_task = tokio::spawn(desk.run(floor_inbox));
        let door = Door {
            settings,
            wanted,
            in_force: publish_in_force,
            to_floor,
            clock,
            stop: stop.clone(),
            next_number: 0,
        };
        let task = tokio::spawn(async move {
            door.run(agent).await;
            // The floor ends when the last call's sender is gone.
            let _ = floor_task.await;
        });
        Ok(Self {
            local,
            behaviour,
            in_force,
            counts,
            stop,
            task,
        })
    }

    /// Where the centre takes calls.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Changes how new calls are treated; returns once it is in force.
    pub async fn behave(&self, behaviour: Behaviour) {
        self.behaviour.send_replace(behaviour);
        let _ = self
            .in_force
            .clone()
            .wait_for(|now| *now == behaviour)
            .await;
    }

    /// What was counted so far.
    pub fn counts(&self) -> CentreCounts {
        *self.counts.borrow()
    }

    /// Waits until the counts satisfy `wanted`; `false` if the centre ended first.
    pub async fn until(&self, wanted: impl FnMut(&CentreCounts) -> bool) -> bool {
        self.counts.clone().wait_for(wanted).await.is_ok()
    }

    /// Hangs up every call, publishes their last events, closes the socket.
    pub async fn stop(self) -> CentreCounts {
        self.stop.stop();
        let _ = self.task.await;
        *self.counts.borrow()
    }
}

struct Door {
    settings: CentreSettings,
    wanted: watch::Receiver<Behaviour>,
    in_force: watch::Sender<Behaviour>,
    to_floor: mpsc::Sender<ToFloor>,
    clock: Clock,
    stop: Stop,
    next_number: CallNumber,
}

impl Door {
    async fn run(mut self, agent: Agent) {
        let mut agent = Some(agent);
        let mut calls = JoinSet::new();
        loop {
            while calls.try_join_next().is_some() {}
            tokio::select! {
                () = self.stop.stopped() => break,
                changed = self.wanted.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    agent = self.switch(agent).await;
                }
                incoming = next(&mut agent) => {
                    if let Some(incoming) = incoming {
                        self.admit(incoming, &mut calls);
                    }
                }
            }
        }
        if let Some(agent) = agent {
            agent.stop().await;
        }
        while calls.join_next().await.is_some() {}
    }

    async fn switch(&mut self, agent: Option<Agent>) -> Option<Agent> {
        let wanted = *self.wanted.borrow_and_update();
        let agent = match (wanted, agent) {
            (Behaviour::PortClosed, Some(agent)) => {
                agent.stop().await;
                None
            }
            (Behaviour::PortClosed, None) => None,
            (_, Some(agent)) => Some(agent),
            (_, None) => match Agent::bind(self.settings.agent.clone()).await {
                Ok(agent) => Some(agent),
                Err(error) => {
                    tracing::error!(%error, "the centre's port could not be opened again");
                    None
                }
            },
        };
        if let Some(agent) = &agent {
            agent.set_silent(wanted == Behaviour::Silent);
        }
        self.in_force.send_replace(wanted);
        agent
    }

    fn admit(&mut self, incoming: Incoming, calls: &mut JoinSet<()>) {
        let number = self.next_number;
        self.next_number += 1;
        let (dialled, to_number) = (incoming.dialled(), incoming.to_number());
        let lines = &self.settings.lines;
        let call_type = lines
            .get(&dialled)
            .or_else(|| to_number.as_ref().and_then(|number| lines.get(number)))
            .unwrap_or(&self.settings.default_type);
        let taken = Box::new(Taken {
            number,
            arrived_us: self.clock.elapsed_us(),
            call_type: call_type.clone(),
            source_call_id: incoming.call_id().to_owned(),
            segue_call: incoming.header("X-Segue-Call"),
            dialled,
            to_number,
            caller: incoming.caller(),
        });
        let behaviour = *self.in_force.borrow();
        let ring = Duration::from_millis(self.settings.ring_ms);
        calls.spawn(treat(
            incoming,
            taken,
            behaviour,
            ring,
            self.to_floor.clone(),
        ));
    }
}

async fn next(agent: &mut Option<Agent>) -> Option<Incoming> {
    match agent {
        Some(agent) => agent.incoming().await,
        None => std::future::pending().await,
    }
}

async fn treat(
    incoming: Incoming,
    taken: Box<Taken>,
    behaviour: Behaviour,
    ring: Duration,
    to_floor: mpsc::Sender<ToFloor>,
) {
    match behaviour {
        Behaviour::Normal => {
            if !ring.is_zero() {
                incoming.ring();
                tokio::select! {
                    _ = incoming.given_up() => {
                        let _ = to_floor.send(ToFloor::GivenUp(taken)).await;
                        return;
                    }
                    () = sleep(ring) => {}
                }
            }
            serve(incoming.answer(), taken, to_floor).await;
        }
        Behaviour::Refuse(status) => {
            let leg = incoming.refuse(status, None);
            let _ = to_floor.send(ToFloor::Refused).await;
            leg.ended().await;
        }
        Behaviour::RingForEver => {
            incoming.ring();
            incoming.given_up().await;
        }
        Behaviour::Closed => {
            let leg = incoming.answer();
            play(&leg, Tone::Closed);
            let _ = to_floor.send(ToFloor::Refused).await;
            tokio::select! {
                _ = leg.ended() => {}
                () = sleep(Duration::from_millis(ANNOUNCEMENT_MS)) => leg.hang_up(),
            }
            leg.ended().await;
        }
        // Nothing arrives at a silent or closed port; a call in flight at the change is dropped (480).
        Behaviour::Silent | Behaviour::PortClosed => {}
    }
}

async fn serve(leg: Leg, taken: Box<Taken>, to_floor: mpsc::Sender<ToFloor>) {
    let number = taken.number;
    play(&leg, Tone::Hold);
    let (orders, mut inbox) = mpsc::channel(4);
    if to_floor
        .send(ToFloor::Join {
            call: taken,
            orders,
        })
        .await
        .is_err()
    {
        return;
    }
    loop {
        tokio::select! {
            _ = leg.ended() => {
                let _ = to_floor.send(ToFloor::Leave(number)).await;
                return;
            }
            order = inbox.recv() => match order {
                Some(ToCall::Person) => play(&leg, Tone::Person),
                Some(ToCall::Over) | None => {
                    leg.hang_up();
                    leg.ended().await;
                    return;
                }
            },
        }
    }
}

fn play(leg: &Leg, tone: Tone) {
    if let Some(audio) = leg.audio() {
        audio.play(tone);
    }
}

/// The floor with its clock, its calls and its event stream.
struct Desk {
    floor: Floor,
    clock: Clock,
    calls: HashMap<CallNumber, (Taken, mpsc::Sender<ToCall>)>,
    events: Publisher,
    counts: watch::Sender<CentreCounts>,
    name: String,
    run: String,
    acceleration: f64,
    sequence: u64,
}

impl Desk {
    async fn run(mut self, mut inbox: mpsc::Receiver<ToFloor>) {
        let mut steps = Vec::new();
        loop {
            let due = self.floor.next_due_us();
            tokio::select! {
                message = inbox.recv() => match message {
                    Some(message) => self.take(message, &mut steps),
                    None => return,
                },
                () = sleep_until(self.clock.instant(due.unwrap_or(0))), if due.is_some() => {
                    self.floor.advance(self.clock.elapsed_us(), &mut steps);
                }
            }
            for step in steps.drain(..) {
                self.tell(&step);
            }
        }
    }

    fn take(&mut self, message: ToFloor, steps: &mut Vec<FloorStep>) {
        let now_us = self.clock.elapsed_us();
        match message {
            ToFloor::Join { call, orders } => {
                let (number, arrived_us) = (call.number, call.arrived_us);
                let joined = self
                    .floor
                    .join(number, &call.call_type, arrived_us, now_us, steps);
                if joined != Joined::Taken {
                    // Dropping `orders` hangs the call up.
                    self.counts.send_modify(|counts| counts.refused += 1);
                    return;
                }
                self.publish(&call, AcdEventKind::Arrived, arrived_us, |_| {});
                self.calls.insert(number, (*call, orders));
            }
            ToFloor::Leave(number) => self.floor.leave(number, now_us, steps),
            ToFloor::GivenUp(call) => {
                self.publish(&call, AcdEventKind::Arrived, call.arrived_us, |_| {});
                let wait_ms = us_to_ms(now_us.saturating_sub(call.arrived_us));
                self.publish(&call, AcdEventKind::Abandoned, now_us, |event| {
                    event.wait_ms = Some(wait_ms);
                });
            }
            ToFloor::Refused => self.counts.send_modify(|counts| counts.refused += 1),
        }
    }

    fn tell(&mut self, step: &FloorStep) {
        let last = matches!(
            step.event,
            FloorEvent::Abandoned { .. } | FloorEvent::Ended { .. }
        );
        let call = if last {
            self.calls.remove(&step.call)
        } else {
            self.calls.get(&step.call).cloned()
        };
        let Some((call, orders)) = call else { return };
        let (kind, order, agent, wait_us, talk_us) = match &step.event {
            FloorEvent::Queued => (AcdEventKind::Queued, None, None, None, None),
            FloorEvent::Answered { agent, wait_us } => {
                let person = Some(ToCall::Person);
                (
                    AcdEventKind::Answered,
                    person,
                    Some(agent),
                    Some(*wait_us),
                    None,
                )
            }
            FloorEvent::Abandoned { wait_us } => (
                AcdEventKind::Abandoned,
                Some(ToCall::Over),
                None,
                Some(*wait_us),
                None,
            ),
            FloorEvent::Ended {
                agent,
                wait_us,
                talk_us,
            } => {
                let over = Some(ToCall::Over);
                (
                    AcdEventKind::Ended,
                    over,
                    Some(agent),
                    Some(*wait_us),
                    Some(*talk_us),
                )
            }
        };
        if let Some(order) = order {
            // A call that has hung up meanwhile no longer listens.
            let _ = orders.try_send(order);
        }
        self.publish(&call, kind, step.at_us, |event| {
            event.agent = agent.cloned();
            event.wait_ms = wait_us.map(us_to_ms);
            event.talk_ms = talk_us.map(us_to_ms);
        });
    }

    fn publish(
        &mut self,
        call: &Taken,
        kind: AcdEventKind,
        at_us: u64,
        detail: impl FnOnce(&mut AcdEvent),
    ) {
        self.sequence += 1;
        let mut event = AcdEvent {
            event_id: format!("{}-{}-{}", self.name, self.run, self.sequence),
            centre: self.name.clone(),
            kind,
            at_us: self.clock.utc_us(at_us),
            source_call_id: call.source_call_id.clone(),
            segue_call: call.segue_call.clone(),
            dialled: call.dialled.clone(),
            to_number: call.to_number.clone(),
            caller: call.caller.clone(),
            call_type: call.call_type.clone(),
            agent: None,
            wait_ms: None,
            talk_ms: None,
            language: None,
            age_band: None,
            acceleration: self.acceleration,
        };
        detail(&mut event);
        self.events.publish(event);
        self.counts.send_modify(|counts| match kind {
            AcdEventKind::Arrived => counts.arrived += 1,
            AcdEventKind::Queued => counts.queued += 1,
            AcdEventKind::Answered => counts.answered += 1,
            AcdEventKind::Abandoned => counts.abandoned += 1,
            AcdEventKind::Ended => counts.ended += 1,
        });
    }
}

fn us_to_ms(us: u64) -> u64 {
    millis(Duration::from_micros(us))
}
