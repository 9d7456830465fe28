//! The example's agreement, walked through the same desk as anybody's: discovery, plan, tests, gate, first share.

use crate::clock;
use crate::office::{LocalDesk, desk_failure};
use crate::output::Failure;
use anyhow::Context as _;
use ed25519_dalek::SigningKey;
use jiff::tz::TimeZone;
use segue_domain::gates::GateLeg;
use segue_domain::ids::ChunkId;
use segue_domain::signature::{SignatureInput, hash_to_sign};
use segue_domain::{Actor, Command, Role, Side, Transition};
use segue_journal::{CommandId, Request, StreamId};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const CREATE: &str = include_str!("../../../../examples/riverside/create.json");
const PLAN: &str = include_str!("../../../../examples/riverside/plan.json");
/// The chunk that goes live first: the easiest work of the first centre.
pub const FIRST_CHUNK: &str = "RVS-Main/MSG";
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
    sent: AtomicU64,
}

/// A person of the example: all roles, so that one login shows everything.
pub fn person(side: Side) -> Actor {
    let name = match side {
        Side::Client => "rvs-director",
        Side::Outsourcer => "cb-director",
    };
    Actor::new(
        name,
        side,
        &[Role::Signatory, Role::Implementation, Role::Duty],
    )
}

/// The public example key of a person (see `examples/riverside/README.md`); it protects nothing.
fn example_key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(format!("segue example key of {name}")).into())
}

impl Agreement {
    /// An agreement yet to be made.
    pub fn new(desk: Arc<LocalDesk>, stream: StreamId) -> Self {
        Self {
            desk,
            stream,
            sent: AtomicU64::new(0),
        }
    }

    /// From nothing to the first share of the first chunk.
    pub async fn reach_first_share(&self, addresses: &Addresses) -> Result<(), Failure> {
        self.prepare(addresses).await?;
        self.prove_ready(FIRST_CHUNK).await?;
        self.take_next_step(FIRST_CHUNK).await?;
        Ok(())
    }

    async fn prepare(&self, addresses: &Addresses) -> Result<(), Failure> {
        let create = object(&with_addresses(CREATE, addresses))?;
        self.act(Side::Client, "create_transition", create).await?;
        let manager = json!({ "person": "cb-account-manager", "deputy": "cb-deputy" });
        self.act(Side::Outsourcer, "name_account_manager", map(manager))
            .await?;
        let state = self.act(Side::Client, "open_discovery", Map::new()).await?;
        for item in state.discovery.open_items() {
            let fields =
                json!({ "item": item, "evidence": "example workshop, see examples/riverside" });
            self.act(Side::Client, "complete_discovery_item", map(fields))
                .await?;
        }
        self.sign_both("sign_discovery", Map::new()).await?;
        self.act(Side::Outsourcer, "propose_plan", object(&due_today(PLAN)?)?)
            .await?;
        self.sign_both("sign_plan", map(json!({ "version": 1 })))
            .await
    }

    async fn prove_ready(&self, chunk: &str) -> Result<(), Failure> {
        for leg in GateLeg::ALL {
            let fields = json!({ "chunk": chunk, "leg": leg, "passed": true, "reference": "example evidence" });
            self.act(Side::Outsourcer, "record_evidence", map(fields))
                .await?;
        }
        let state = self.state().await?;
        let cells = state
            .chunk(&ChunkId::from(chunk))
            .map(|c| c.planned.coverage.clone())
            .unwrap_or_default();
        for cell in cells {
            let fields = json!({ "chunk": chunk, "cell": cell, "passed": true, "evidence": "example test call" });
            self.act(Side::Client, "record_test_call", map(fields))
                .await?;
        }
        self.sign_both("sign_gate", map(json!({ "chunk": chunk })))
            .await
    }

    /// Proposes the next agreed share and approves it for both parties; the share now in force.
    pub async fn take_next_step(&self, chunk: &str) -> Result<u8, Failure> {
        let id = ChunkId::from(chunk);
        let state = self.state().await?;
        let next = state.chunk(&id).and_then(|c| {
            let shares = c
                .planned
                .steps
                .iter()
                .filter_map(|s| s.share_percent.parse().ok());
            shares.into_iter().find(|share| *share > c.share)
        });
        let percent = next.context("the chunk has no further step")?.percent();
        let fields = json!({ "chunk": chunk, "share_percent": percent });
        let state = self
            .act(Side::Outsourcer, "propose_step", map(fields))
            .await?;
        let step = state
            .steps
            .values()
            .rfind(|s| s.proposed.chunk == id && !s.done)
            .context("the step was not recorded")?;
        self.sign_both("approve_step", map(json!({ "step": step.proposed.step })))
            .await?;
        Ok(percent)
    }

    async fn sign_both(&self, name: &str, fields: Map<String, Value>) -> Result<(), Failure> {
        for side in Side::BOTH {
            let state = self.state().await?;
            let actor = person(side);
            let hash = hash_to_sign(&state, name, &fields).context("nothing to sign")?;
            let key = example_key(actor.person.as_str());
            let signature = SignatureInput::by(&actor.person, &key, &hash).context("no hash")?;
            let mut signed = fields.clone();
            signed.extend(signature.into_fields());
            self.act(side, name, signed).await?;
        }
        Ok(())
    }

    async fn act(
        &self,
        side: Side,
        name: &str,
        fields: Map<String, Value>,
    ) -> Result<Arc<Transition>, Failure> {
        let command: Command = crate::commands::fields::command(name, fields)?;
        let n = self.sent.fetch_add(1, Ordering::Relaxed);
        let command_id = CommandId::new(format!("demo-{n}")).map_err(anyhow::Error::new)?;
        let request = Request {
            stream: self.stream.clone(),
            command_id,
            actor: person(side),
            command,
            now: clock::now(),
        };
        Ok(self
            .desk
            .execute(&request)
            .await
            .map_err(desk_failure)?
            .state)
    }

    async fn state(&self) -> Result<Arc<Transition>, Failure> {
        self.desk.state(&self.stream).await.map_err(desk_failure)
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

/// The example plan with every step due today, so that the demo need not wait for a year.
fn due_today(text: &str) -> Result<String, Failure> {
    let zone = TimeZone::get(ZONE).map_err(anyhow::Error::new)?;
    let today = clock::now().to_zoned(zone).date().to_string();
    let mut fields: Value = serde_json::from_str(text).map_err(anyhow::Error::new)?;
    for chunk in fields["plan"]["chunks"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        for step in chunk["steps"].as_array_mut().into_iter().flatten() {
            step["from"] = Value::String(today.clone());
        }
    }
    Ok(fields.to_string())
}

fn object(text: &str) -> Result<Map<String, Value>, Failure> {
    Ok(serde_json::from_str(text).context("reading the example")?)
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
