//! `segue drill SCOPE`: the way home with the clock running: calls under way, the press, the first new call in-house,
//! the open work, the incident, and the time of return in the journal. It really brings calls home.

use crate::cli::Global;
use crate::clock;
use crate::commands::fallback;
use crate::context::Context;
use crate::home::{Press, Pressed};
use crate::login;
use crate::office::{Office, block_on, open_facts};
use crate::output::{Answer, Answered, Failure};
use crate::trials::through::{self, Through, fictional_numbers};
use crate::trials::{again, evidence};
use clap::Args;
use jiff::Timestamp;
use segue_domain::boards::{self, Board};
use segue_domain::contingency::drills::RecordDrill;
use segue_domain::fallback::Scope;
use segue_domain::ids::{ChunkId, IncidentId};
use segue_domain::telephony_checks::paths;
use segue_domain::{Actor, Event, Right, Transition};
use segue_trials::agent::{End, Leg};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// New calls are placed this far apart until one is answered in-house.
const APART: Duration = Duration::from_millis(250);
/// Calls of the load are placed this far apart.
const LOAD_APART: Duration = Duration::from_millis(10);
/// The calls under way stay up so long after the first call in-house.
const STAY: Duration = Duration::from_secs(2);
/// How long a drill looks for its first call in-house.
const GIVE_UP: Duration = Duration::from_mins(5);
/// How long it waits for a person's answer to be reported by the centre.
const VERIFIED_WAIT: Duration = Duration::from_secs(15);

/// Options of `segue drill`.
#[derive(Debug, Args)]
pub struct Drill {
    /// all, a site or a chunk
    scope: String,
    /// The SIP address of a node
    #[arg(long, default_value = "127.0.0.1:5060", value_name = "ADDR")]
    via: SocketAddr,
    /// Calls under way while it is drilled
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(0..=1_500))]
    calls: u32,
    /// The local address to call from; the node must take calls from it
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    from: SocketAddr,
    /// Yes, calls that are out come home, and go out again only when both parties agree
    #[arg(long)]
    bring_calls_home: bool,
}

/// What the clock showed.
#[derive(Debug, Serialize)]
struct Drilled {
    started_at: Timestamp,
    chunks: Vec<ChunkId>,
    dialled: String,
    pressed: Pressed,
    first_call_ms: u64,
    first_call_s: u32,
    calls: u32,
    calls_lost: u32,
    first_call: Option<String>,
}

impl Drill {
    /// Drills; exit code 5 when it lost a call or took longer than agreed.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        if !self.bring_calls_home {
            return Err(Failure::BadInput(format!(
                "a drill really brings the calls of `{}` home; say --bring-calls-home when both centres know of it",
                self.scope
            )));
        }
        block_on(async {
            let actor = login::actor(&ctx).await?;
            // Asked before anything moves: the drill is pressed and written down by the same person.
            actor.require(Right::BringHome)?;
            actor.require(Right::Prepare)?;
            let office = Office::open(&ctx.data).await?;
            let t = office.state().await?;
            // One id for the press, and one made of it for the record.
            let id = ctx.command_id()?;
            let record_id = format!("{id}-drill");
            if ctx.command_id.is_some()
                && let Some(before) = self.before((&id, &record_id), &office, &actor, &t).await?
            {
                return Ok(before);
            }
            let drilled = self.drill(&ctx, &actor, &t, id).await?;
            let verified = verified(&office, &drilled).await?;
            let t = office.state().await?;
            let worklist = boards::draw(&t, "worklist", &actor, ctx.now())?;
            let listed = t.contingency.open_work.is_some();
            let seen = json!({ "drilled": drilled, "worklist": worklist, "verified": verified });
            let reference = evidence::keep(&ctx.data, "drill", ctx.now(), &seen)?;
            let command = RecordDrill {
                chunks: drilled.chunks.clone(),
                started_at: Some(drilled.started_at),
                first_call_s: drilled.first_call_s,
                calls: drilled.calls,
                calls_lost: drilled.calls_lost,
                callbacks_listed: listed,
                reference: reference.clone(),
            };
            office
                .execute_as(&ctx, &actor, Some(record_id), command.into())
                .await?;
            let rto_s = rto_s(&t, &drilled.chunks);
            let wanting =
                drilled.calls_lost > 0 || rto_s.is_some_and(|most| drilled.first_call_s > most);
            let json = json!({
                "scope": self.scope, "incident": drilled.pressed.incident, "latency_ms": drilled.pressed.latency_ms,
                "first_call_ms": drilled.first_call_ms, "first_call_s": drilled.first_call_s, "rto_s": rto_s,
                "calls": drilled.calls, "calls_lost": drilled.calls_lost, "callbacks_listed": listed,
                "worklist": worklist.rows, "verified": verified, "reference": reference,
            });
            let text = text(&drilled, rto_s, verified, listed, &worklist, &reference);
            Ok(Answer::new(&json, text).wanting_if(wanting))
        })
    }

    /// The drill that was recorded under the ids of this invocation: nothing is pressed then, and nobody called.
    async fn before(
        &self,
        (id, record_id): (&str, &str),
        office: &Office,
        actor: &Actor,
        t: &Transition,
    ) -> Result<Option<Answer>, Failure> {
        let scope = Scope::read(t, &self.scope)?;
        let covered = t.chunks.iter().filter(|(id, c)| scope.covers(id, c));
        let covered: BTreeSet<_> = covered.map(|(id, _)| id).collect();
        let is_of = |event: &Event| match event {
            Event::DrillRecorded(e) => e.chunks.iter().collect::<BTreeSet<_>>() == covered,
            _ => false,
        };
        let before = again::recorded_under(record_id, office, actor, "record_drill", is_of).await?;
        let Some(before) = before else {
            if again::is_used(id, office).await? {
                return Err(Failure::BadInput(format!(
                    "the command id `{id}` was used before, and no drill was recorded under it: if that drill broke off after the \
                     press, calls are home (segue status); drill under another id once they are out again"
                )));
            }
            return Ok(None);
        };
        let drills = before.events.iter().filter_map(|event| match event {
            Event::DrillRecorded(e) => Some(e),
            _ => None,
        });
        let rto_s = rto_s(t, &covered.into_iter().cloned().collect::<Vec<_>>());
        let (mut said, mut wanting) = (String::new(), false);
        for e in drills {
            wanting |= e.calls_lost > 0 || rto_s.is_some_and(|most| e.first_call_s > most);
            let _ = write!(
                said,
                "Drilled at {}: first new call in-house after {} s ({}); {} calls under way, {} lost.\nEvidence: {}\n",
                e.started_at,
                e.first_call_s,
                agreed(rto_s),
                e.calls,
                e.calls_lost,
                e.reference
            );
        }
        said.push_str("Nothing was pressed now. ");
        Ok(Some(before.answer_after(&said, wanting)))
    }

    async fn drill(
        &self,
        ctx: &Context,
        actor: &Actor,
        t: &Transition,
        id: String,
    ) -> Result<Drilled, Failure> {
        let scope = Scope::read(t, &self.scope)?;
        let covered = t
            .chunks
            .iter()
            .filter(|(id, chunk)| scope.covers(id, chunk));
        let covered: Vec<_> = covered.collect();
        let first = covered.iter().find_map(|(_, chunk)| {
            let (line, dialled) = paths(t, chunk).next()?;
            let route = t.line(line)?.routes.iter().find(|r| r.dialled == dialled)?;
            Some((dialled.to_owned(), route.in_house.clone()))
        });
        let Some((dialled, in_house)) = first else {
            return Err(Failure::BadInput(format!(
                "no number of `{}` can be called; see segue show chunks",
                self.scope
            )));
        };
        let (facts, key) = (open_facts(&ctx.data).await?, ctx.data.caller_key()?);
        let agent = through::bind(self.from).await?;
        let through = Through {
            agent: &agent,
            facts: &facts,
            key: &key,
            t,
            via: self.via,
        };
        let load = self.under_way(&through, &dialled).await?;
        let (started_at, started) = (clock::now(), Instant::now());
        let press = Press::by(actor, &self.scope, "drill of the way home", id, started_at);
        let pressed = fallback::send(ctx, press).await?;
        let first_call = first_in_house(&through, &dialled, &in_house, started).await?;
        let (first_call, elapsed) = first_call.ok_or_else(|| {
            Failure::Unavailable(format!(
                "calls were brought home, but none was answered at {in_house} within {} s; drill again when in-house answers",
                GIVE_UP.as_secs()
            ))
        })?;
        sleep(STAY).await;
        let lost = load.iter().filter(|leg| is_lost(leg)).count();
        let calls = u32::try_from(load.len()).unwrap_or(u32::MAX);
        load.iter().for_each(Leg::hang_up);
        for leg in &load {
            let _ = timeout(Duration::from_secs(2), leg.ended()).await;
        }
        agent.stop().await;
        let first_call_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        Ok(Drilled {
            started_at,
            chunks: covered.into_iter().map(|(id, _)| id.clone()).collect(),
            dialled,
            pressed,
            first_call_ms,
            first_call_s: u32::try_from(first_call_ms.div_ceil(1_000)).unwrap_or(u32::MAX),
            calls,
            calls_lost: u32::try_from(lost).unwrap_or(u32::MAX),
            first_call: Some(first_call),
        })
    }

    /// Answered calls that are up when the button is pressed.
    async fn under_way(&self, through: &Through<'_>, dialled: &str) -> Result<Vec<Leg>, Failure> {
        let wanted = usize::try_from(self.calls).unwrap_or(usize::MAX);
        let mut legs = Vec::new();
        for caller in fictional_numbers().take(wanted) {
            legs.push(through.start(through.place(dialled, &caller)).await?);
            sleep(LOAD_APART).await;
        }
        for leg in &legs {
            let _ = timeout(Duration::from_secs(30), leg.answered()).await;
        }
        let all = legs.len();
        legs.retain(|leg| leg.progress().answer_delay.is_some());
        if legs.len() < all {
            tracing::warn!(
                placed = all,
                up = legs.len(),
                "not every call of the load was answered before the press"
            );
        }
        Ok(legs)
    }
}

/// Ended by anything but our own hanging up.
fn is_lost(leg: &Leg) -> bool {
    leg.progress().end.is_some_and(|end| end != End::HungUpHere)
}

/// Calls anew until one is answered in-house; the call's id and the time from the press to its answer.
async fn first_in_house(
    through: &Through<'_>,
    dialled: &str,
    in_house: &str,
    started: Instant,
) -> Result<Option<(String, Duration)>, Failure> {
    // Other numbers than the load's: from the end of the list.
    let callers: Vec<_> = fictional_numbers().collect();
    for caller in callers.iter().rev() {
        if started.elapsed() > GIVE_UP {
            break;
        }
        let placed_after = started.elapsed();
        let placed = through
            .call(dialled, caller, through.place(dialled, caller))
            .await?;
        let home = placed.answered_by() == Some(in_house);
        if let Some(decision) = placed.decision.filter(|_| home) {
            let set_up_ms: u64 = decision.targets.iter().map(|t| t.ms).sum();
            let answered_after = placed_after + Duration::from_millis(set_up_ms);
            return Ok(Some((decision.call_id, answered_after)));
        }
        sleep(APART).await;
    }
    Ok(None)
}

/// Whether a person in-house has answered since, as the centre itself reports; nothing without an incident.
async fn verified(office: &Office, drilled: &Drilled) -> Result<bool, Failure> {
    let Some(incident) = drilled.pressed.incident.as_deref().map(IncidentId::from) else {
        return Ok(false);
    };
    let deadline = Instant::now() + VERIFIED_WAIT;
    loop {
        let t = office.state().await?;
        let verified = t
            .incidents
            .get(&incident)
            .is_some_and(|i| i.verified.is_some());
        if verified || Instant::now() >= deadline {
            return Ok(verified);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// The shortest time of return agreed for any of the chunks.
fn rto_s(t: &Transition, chunks: &[ChunkId]) -> Option<u32> {
    let plans = chunks.iter().filter_map(|id| t.contingency.plans.get(id));
    plans.map(|plan| plan.proposed.plan.rto_s).min()
}

fn agreed(rto_s: Option<u32>) -> String {
    rto_s.map_or_else(
        || "no time is agreed".into(),
        |s| format!("agreed are {s} s"),
    )
}

fn text(
    d: &Drilled,
    rto_s: Option<u32>,
    verified: bool,
    listed: bool,
    worklist: &Board,
    reference: &str,
) -> String {
    let agreed = agreed(rto_s);
    let incident = d
        .pressed
        .incident
        .as_deref()
        .unwrap_or("none: every call was home already");
    let mut lines = vec![
        format!(
            "Latched after {} ms. Incident: {incident}.",
            d.pressed.latency_ms
        ),
        format!(
            "First new call in-house after {} ms ({agreed}).",
            d.first_call_ms
        ),
        format!("{} calls under way, {} lost.", d.calls, d.calls_lost),
    ];
    lines.push(if verified {
        "A person in-house has answered.".into()
    } else {
        "No person's answer was reported by the in-house centre.".into()
    });
    if listed {
        lines.push(format!(
            "Open work to take over: {} items.",
            worklist.rows.len()
        ));
        lines.extend(
            worklist
                .rows
                .iter()
                .map(|row| format!("  {}", row.join(" · "))),
        );
    } else {
        lines.push("The outsourcer's open work is not known: let them hand it over (segue do record-open-work).".into());
    }
    lines.extend(
        d.pressed
            .warnings
            .iter()
            .map(|warning| format!("! {warning}")),
    );
    lines.push(format!("Recorded. Evidence: {reference}"));
    lines.join("\n")
}
