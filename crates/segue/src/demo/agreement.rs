//! The example's agreement, walked through the same desk as anybody's: discovery, plan, tests, gate, first share.

use crate::clock;
use crate::office::{LocalDesk, desk_failure};
use crate::output::Failure;
use anyhow::Context as _;
use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use segue_domain::counterfactual::StaffingKey;
use segue_domain::counterfactual::frozen_staffing::{FreezeStaffing, StaffedHours};
use segue_domain::ids::ChunkId;
use segue_domain::waivers::Waivable;
use segue_domain::{Actor, Command, Role, Side, Transition};
use segue_example::{Example, Goal, MOVES_MAX, Move};
use segue_journal::{CommandId, Request, StreamId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The chunk that goes live first: the easiest work of the first centre.
pub const FIRST_CHUNK: &str = "RVS-Main/MSG";
/// The people who would answer its calls at home. The demo's calls come faster than real ones, and a replay does not shorten them: 274
/// are in work at once, so that about one caller in thirty hangs up, as in the example's baseline.
const STAFFED: u32 = 270;
/// The zone whose date the steps are due on.
const ZONE: &str = "America/New_York";

/// Where the example's centres listen.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// In-house.
    pub in_house: SocketAddr,
    /// The outsourcer.
    pub outsourced: SocketAddr,
    /// The announcement that is the last resort.
    pub last_resort: SocketAddr,
}

/// Acts for both parties of the example.
#[derive(Debug)]
pub struct Agreement {
    desk: Arc<LocalDesk>,
    stream: StreamId,
    example: Example,
    sent: AtomicU64,
}

/// A person of the example who may log in: all roles, so that one login shows everything.
pub fn person(side: Side) -> Actor {
    let name = segue_example::person(side, Role::Signatory);
    Actor::new(
        &name,
        side,
        &[Role::Signatory, Role::Implementation, Role::Duty],
    )
}

impl Agreement {
    /// An agreement yet to be made, between centres at these addresses, with every step due today.
    pub fn new(
        desk: Arc<LocalDesk>,
        stream: StreamId,
        addresses: &Addresses,
    ) -> Result<Self, Failure> {
        Ok(Self {
            desk,
            stream,
            example: at(addresses)?,
            sent: AtomicU64::new(0),
        })
    }

    /// From nothing to the first share of the first chunk.
    pub async fn reach_first_share(&self) -> Result<(), Failure> {
        self.take_next_step(FIRST_CHUNK).await.map(drop)
    }

    /// Proposes the next agreed share and approves it for both parties; the share now in force.
    pub async fn take_next_step(&self, chunk: &str) -> Result<u8, Failure> {
        let id = ChunkId::from(chunk);
        let state = self.walk(&Goal::Agreed).await?;
        let next = state.chunk(&id).and_then(|c| {
            let shares = c
                .planned
                .steps
                .iter()
                .filter_map(|s| s.share_percent.parse().ok());
            shares.into_iter().find(|share| *share > c.share)
        });
        let percent = next.context("the chunk has no further step")?.percent();
        self.walk(&Goal::Live(id, percent)).await?;
        Ok(percent)
    }

    /// Does what the example's people do until the goal is reached.
    async fn walk(&self, goal: &Goal) -> Result<Arc<Transition>, Failure> {
        for _ in 0..MOVES_MAX {
            let state = self.desk.state(&self.stream).await.map_err(desk_failure)?;
            match self.example.next(&state, goal, clock::now()) {
                None => return Ok(state),
                Some(Move::Say(said)) => self.act(said.0, said.1).await?,
                Some(Move::Wait(until)) => {
                    return Err(anyhow::anyhow!("the example would wait until {until}").into());
                }
            }
        }
        Err(anyhow::anyhow!("the example does not reach {goal:?}").into())
    }

    async fn act(&self, actor: Actor, command: Command) -> Result<(), Failure> {
        let n = self.sent.fetch_add(1, Ordering::Relaxed);
        let command_id = CommandId::new(format!("demo-{n}")).map_err(anyhow::Error::new)?;
        let request = Request {
            stream: self.stream.clone(),
            command_id,
            actor,
            command,
            now: clock::now(),
        };
        self.desk
            .execute(&request)
            .await
            .map_err(desk_failure)
            .map(drop)
    }
}

/// The example with its centres at other addresses, and every step due today, so that the demo need not wait for a year:
/// both parties and the clinical lead waive what that breaks.
fn at(addresses: &Addresses) -> Result<Example, Failure> {
    let mut example = Example::riverside();
    let create = serde_json::to_string(&example.create).context("writing the example")?;
    example.create =
        serde_json::from_str(&with_addresses(&create, addresses)).context("reading the example")?;
    let zone = TimeZone::get(ZONE).map_err(anyhow::Error::new)?;
    let today = clock::now().to_zoned(zone).date();
    let chunks = example.plan.chunks.iter_mut();
    for step in chunks.flat_map(|chunk| &mut chunk.steps) {
        step.from = today;
    }
    example.frozen = vec![staffing(today)];
    Ok(example.waiving(&[
        Waivable::Rush,
        Waivable::MassCutover,
        Waivable::ChangeFreeze,
    ]))
}

/// Who answered the first chunk's calls before, for "had we not moved".
fn staffing(today: Date) -> FreezeStaffing {
    FreezeStaffing {
        key: StaffingKey {
            site: "RVS-Main".into(),
            call_type: "MSG".into(),
        },
        staffed: vec![StaffedHours {
            hours: "always".into(),
            agents: STAFFED,
        }],
        holidays: Vec::new(),
        patience_s: Some(90),
        show_up_bp: 10_000,
        first_day: today.saturating_sub(Span::new().weeks(13)),
        last_day: today.yesterday().unwrap_or(today),
        reference: "example: people for calls as fast as the demo's, workforce report 12".into(),
    }
}

fn with_addresses(text: &str, addresses: &Addresses) -> String {
    [
        (addresses.in_house, "127.0.0.2:5060"),
        (addresses.outsourced, "127.0.0.3:5060"),
        (addresses.last_resort, "127.0.0.4:5060"),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (real, example)| {
        text.replace(example, &real.to_string())
    })
}
