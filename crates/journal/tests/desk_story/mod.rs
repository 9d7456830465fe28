//! A small transition (one centre, one line, one chunk) walked through the desk until it is about to go out.

use ed25519_dalek::{Signer, SigningKey};
use jiff::{SignedDuration, Timestamp};
use segue_domain::account_manager::NameAccountManager;
use segue_domain::discovery::{CompleteDiscoveryItem, OpenDiscovery, SignDiscovery};
use segue_domain::gates::{self, GateLeg, RecordEvidence, SignGate};
use segue_domain::routing_changes::{ApproveStep, ProposeStep};
use segue_domain::schedule::{ProposePlan, SignPlan};
use segue_domain::share::ShareInput;
use segue_domain::signature::{SignatureInput, message};
use segue_domain::{Actor, Command, Role, Side, Transition};
use segue_journal::{Answer, CommandId, Desk, DeskError, Request, SqliteJournal, StreamId};
use serde_json::json;
use std::sync::Arc;

pub(crate) const CHUNK: &str = "Main/MSG";

pub(crate) fn stream(name: &str) -> StreamId {
    StreamId::new(name).unwrap()
}

pub(crate) fn command_id(id: &str) -> CommandId {
    CommandId::new(id).unwrap()
}

pub(crate) fn director(side: Side) -> Actor {
    Actor::new(&format!("{side}-director"), side, &[Role::Signatory])
}

pub(crate) fn manager(side: Side) -> Actor {
    Actor::new(&format!("{side}-manager"), side, &[Role::Implementation])
}

fn key(side: Side) -> SigningKey {
    SigningKey::from_bytes(&[if side == Side::Client { 1 } else { 2 }; 32])
}

fn signed(side: Side, hash: &str) -> SignatureInput {
    SignatureInput {
        signatory: director(side).person,
        signed_hash: hash.to_owned(),
        signature: hex::encode(key(side).sign(&message(hash).unwrap()).to_bytes()),
    }
}

pub(crate) struct Story<'a> {
    desk: &'a Desk<SqliteJournal>,
    pub(crate) now: Timestamp,
    stream: String,
    commands: u32,
}

impl<'a> Story<'a> {
    pub(crate) fn new(desk: &'a Desk<SqliteJournal>) -> Self {
        Self {
            desk,
            now: "2027-03-01T15:00:00Z".parse().unwrap(),
            stream: "RVS".to_owned(),
            commands: 0,
        }
    }

    pub(crate) fn minutes_pass(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
    }

    pub(crate) fn request(&self, id: &str, actor: &Actor, command: Command) -> Request {
        Request {
            stream: stream(&self.stream),
            command_id: command_id(id),
            actor: actor.clone(),
            command,
            now: self.now,
        }
    }

    async fn does(&mut self, actor: &Actor, command: impl Into<Command>) -> Arc<Transition> {
        self.commands += 1;
        let request = self.request(
            &format!("{}-{}", self.stream, self.commands),
            actor,
            command.into(),
        );
        let answer = self.desk.execute(&request).await.unwrap();
        assert!(!answer.events.is_empty(), "{request:?} changed nothing");
        answer.state
    }

    async fn state(&self) -> Arc<Transition> {
        self.desk.state(&stream(&self.stream)).await.unwrap()
    }

    pub(crate) async fn create(&mut self) {
        let party = |side: Side, name: &str| {
            let public_key = hex::encode(key(side).verifying_key().as_bytes());
            json!({"side": side, "name": name, "signatories": [
                {"person": director(side).person, "title": "director", "public_key": public_key}]})
        };
        let create = json!({
            "command": "create_transition",
            "name": "Riverside Health to CareBridge",
            "example": true,
            "parties": [party(Side::Client, "Riverside"), party(Side::Outsourcer, "CareBridge")],
            "sites": [{"id": "Main", "zone": "America/New_York"}],
            "lines": [{
                "id": "TFN", "number": "+18005550142", "site": "Main", "control_point": "after_ivr",
                "routes": [{"dialled": "7001", "call_types": ["MSG"],
                    "in_house": "sip:7001@127.0.0.2:5060", "outsourced": "sip:7001@127.0.0.3:5060"}],
                "last_resort": ["sip:oncall@127.0.0.4:5060"],
            }],
            "call_types": [{"id": "MSG", "name": "Message", "needs": "message"}],
        });
        let create: Command = serde_json::from_value(create).unwrap();
        self.does(&manager(Side::Client), create).await;
    }

    /// The same story told of another transition.
    pub(crate) fn on(&self, name: &str) -> Self {
        Self {
            desk: self.desk,
            now: self.now,
            stream: name.to_owned(),
            commands: 0,
        }
    }

    /// Created, discovered, agreed, proved, gate signed by both.
    pub(crate) async fn until_the_gate_is_passed(&mut self) {
        self.create().await;
        let (person, deputy) = ("cb-account".into(), Some("cb-deputy".into()));
        self.does(
            &manager(Side::Outsourcer),
            NameAccountManager { person, deputy },
        )
        .await;
        self.discover().await;
        self.agree().await;
        self.pass_the_gate().await;
    }

    /// The first step proposed and approved by the client; the approval that would send calls out is returned.
    pub(crate) async fn propose_and_approve_once(&mut self) -> Request {
        let (chunk, share_percent) = (CHUNK.into(), ShareInput::percent(20));
        self.does(
            &manager(Side::Client),
            ProposeStep {
                chunk,
                share_percent,
            },
        )
        .await;
        assert!(self.approve(Side::Client).await.is_ok());
        self.approval_request(Side::Outsourcer).await
    }

    pub(crate) async fn until_one_approval_is_missing(&mut self) {
        self.until_the_gate_is_passed().await;
        self.propose_and_approve_once().await;
    }

    async fn discover(&mut self) {
        let t = self
            .does(&manager(Side::Client), OpenDiscovery { items: Vec::new() })
            .await;
        for item in t.discovery.open_items() {
            let evidence = "minutes".to_owned();
            self.does(
                &manager(Side::Client),
                CompleteDiscoveryItem { item, evidence },
            )
            .await;
        }
        for side in Side::BOTH {
            let t = self.state().await;
            let signature = signed(side, &t.discovery.hash(&t.id));
            self.does(&director(side), SignDiscovery { signature })
                .await;
        }
    }

    async fn agree(&mut self) {
        let plan = json!({"chunks": [{"id": CHUNK, "site": "Main", "lines": ["TFN"], "call_type": "MSG",
            "steps": [{"share_percent": 20, "from": "2027-03-01"}]}]});
        let plan = serde_json::from_value(plan).unwrap();
        let propose = ProposePlan {
            plan,
            counter_to: None,
            reason: String::new(),
        };
        let t = self.does(&manager(Side::Client), propose).await;
        let proposed = &t.schedule.newest().unwrap().proposed;
        for side in Side::BOTH {
            let signature = signed(side, &proposed.hash);
            let sign = SignPlan {
                version: proposed.version,
                signature,
            };
            self.does(&director(side), sign).await;
        }
    }

    async fn pass_the_gate(&mut self) {
        for leg in GateLeg::ALL {
            let evidence = RecordEvidence {
                chunk: CHUNK.into(),
                leg,
                passed: true,
                reference: "binder".to_owned(),
            };
            self.does(&manager(Side::Outsourcer), evidence).await;
        }
        for side in Side::BOTH {
            let t = self.state().await;
            let signature = signed(side, &gates::hash(&t, &CHUNK.into()));
            self.does(
                &director(side),
                SignGate {
                    chunk: CHUNK.into(),
                    signature,
                },
            )
            .await;
        }
    }

    pub(crate) async fn approval_request(&self, side: Side) -> Request {
        let t = self.state().await;
        let step = t.steps.values().next_back().unwrap();
        let approve = ApproveStep {
            step: step.proposed.step.clone(),
            signature: signed(side, &step.proposed.hash),
        };
        self.request(
            &format!("{}-approve-{side}", self.stream),
            &director(side),
            approve.into(),
        )
    }

    pub(crate) async fn approve(&mut self, side: Side) -> Result<Answer, DeskError> {
        let request = self.approval_request(side).await;
        self.desk.execute(&request).await
    }
}
