//! The real parts in a temporary directory, without the background tasks: each test says when what is read and shown.

use super::super::live::Words;
use super::super::verifying::Verifier;
use super::super::{ConsoleParts, NodeConsole, Shared};
use crate::clock;
use crate::data_dir::{DataDir, NewData};
use crate::home::HomeDoor;
use crate::node::Node;
use crate::node::files::NodeFiles;
use jiff::{SignedDuration, Timestamp};
use segue_domain::account_manager::AccountManagerChanged;
use segue_domain::baseline::{BaselineFigures, BaselineKey, BaselineRecorded};
use segue_domain::caller::CallerKey;
use segue_domain::gates::GatePassed;
use segue_domain::ids::TransitionId;
use segue_domain::parties::{CreateTransition, TransitionCreated};
use segue_domain::routing_changes::ShareChanged;
use segue_domain::schedule::{PlanProposed, ProposePlan, ScheduleAgreed};
use segue_domain::share::TrafficShare;
use segue_domain::{Event, Role, Side, Transition};
use segue_journal::accounts::{Accounts, NewAccount, NewToken, TokenScope};
use segue_journal::facts::{AcdEvent, AcdEventKind, Decision, Facts, FactsWriter};
use segue_journal::{
    Append, Body, CommandId, Desk, EVENT_SCHEMA, Journal, NewEvent, SqlJournal, StreamId, Version,
};
use segue_web::view::{ChunkView, LiveView};
use segue_web::{Console, Credentials, Door, FallbackRequest, Person, SignIn};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use tokio::sync::{Notify, watch};

pub(super) const PASSWORD: &str = "a long enough password";
pub(super) const PIN: &str = "73910246";
/// Where visitors of the pages come from.
pub(super) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
/// The one chunk that is out, at 20 %.
pub(super) const OUT: &str = "RVS-Main/MSG";
/// A call as Segue numbers it.
pub(super) const CALL: &str = "00000000000000010000000000000001";

pub(super) struct Rig {
    pub(super) console: NodeConsole,
    pub(super) accounts: Accounts,
    pub(super) facts: Facts,
    pub(super) directory: tempfile::TempDir,
    pub(super) words: Words,
    pub(super) verifier: Verifier,
    states: watch::Sender<Arc<Transition>>,
    /// Kept, so that the console is not told to stop.
    _stop: watch::Sender<bool>,
}

/// What the guard of the chunk holds the outsourcer against.
fn baseline(at: Timestamp) -> Event {
    Event::BaselineRecorded(BaselineRecorded {
        key: BaselineKey {
            site: "RVS-Main".into(),
            call_type: "MSG".into(),
            segment: None,
        },
        figures: BaselineFigures {
            weeks: 13,
            weekly_contacts: 6_900,
            offered: 89_700,
            answered_within: 73_554,
            abandoned: 2_691,
            aht_s: 90,
            busiest_hour_calls: 120,
            peak_concurrent: 6,
        },
        reference: "baseline of 13 weeks".into(),
        at,
    })
}

/// Riverside with an agreed plan, one chunk at 20 %.
fn events(at: Timestamp) -> Vec<Event> {
    let facts: CreateTransition = serde_json::from_str(include_str!(
        "../../../../../examples/riverside/create.json"
    ))
    .unwrap();
    let proposal: ProposePlan =
        serde_json::from_str(include_str!("../../../../../examples/riverside/plan.json")).unwrap();
    let plan = PlanProposed {
        version: 1,
        plan: proposal.plan,
        hash: "00".repeat(32),
        by: Side::Client,
        person: "rvs-manager".into(),
        counter_to: None,
        reason: String::new(),
        terms: None,
        at,
    };
    let (from, to) = (TrafficShare::HOME, TrafficShare::from_percent(20).unwrap());
    vec![
        Event::TransitionCreated(TransitionCreated { facts, at }),
        Event::AccountManagerChanged(AccountManagerChanged {
            person: Some("cb-account".into()),
            deputy: None,
            at,
        }),
        Event::ScheduleAgreed(ScheduleAgreed {
            version: 1,
            hash: plan.hash.clone(),
            at,
        }),
        Event::GatePassed(GatePassed {
            chunk: OUT.into(),
            at,
        }),
        Event::ShareChanged(ShareChanged {
            chunk: OUT.into(),
            from,
            to,
            epoch: 0,
            at,
        }),
        baseline(at),
    ]
    .into_iter()
    .enumerate()
    .flat_map(|(n, event)| {
        if n == 1 {
            vec![event, Event::PlanProposed(plan.clone())]
        } else {
            vec![event]
        }
    })
    .collect()
}

async fn journal(
    path: &std::path::Path,
    stream: &StreamId,
    at: Timestamp,
    more: &[Event],
) -> SqlJournal {
    let journal = SqlJournal::open(path).await.unwrap();
    let new = |event: &Event| NewEvent {
        kind: event.name().to_owned(),
        schema: EVENT_SCHEMA,
        body: Body::canonical(event).unwrap(),
    };
    let append = Append {
        stream: stream.clone(),
        expected_version: Version(0),
        command_id: CommandId::new("fixture").unwrap(),
        actor: "client:rvs-manager".to_owned(),
        cause: "fixture".to_owned(),
        recorded_at: at,
        events: events(at).iter().chain(more).map(new).collect(),
    };
    let _ = journal.append(&append).await.unwrap();
    journal
}

fn account(name: &str, side: Side, role: Role) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        side,
        roles: [role].into(),
        password: PASSWORD.to_owned(),
        pin: (role == Role::Duty).then(|| PIN.to_owned()),
        public_key: None,
    }
}

async fn accounts(file: &std::path::Path, now: Timestamp) -> Accounts {
    let accounts = Accounts::open(file).await.unwrap();
    let accounts = accounts.sealed_with(&[7; 32]);
    for (name, side, role) in [
        ("rvs-duty", Side::Client, Role::Duty),
        ("rvs-manager", Side::Client, Role::Implementation),
        ("cb-manager", Side::Outsourcer, Role::Implementation),
    ] {
        accounts.add(&account(name, side, role), now).await.unwrap();
    }
    accounts
}

impl Rig {
    pub(super) async fn new() -> Self {
        Self::knowing(&[]).await
    }

    /// With more facts in the journal.
    pub(super) async fn knowing(more: &[Event]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        for folder in ["node", "tables"] {
            std::fs::create_dir(path(folder)).unwrap();
        }
        let now = clock::now();
        let stream = StreamId::new("riverside").unwrap();
        let an_hour_ago = now - SignedDuration::from_hours(1);
        let journal = journal(&path("journal.db"), &stream, an_hour_ago, more).await;
        let desk = Arc::new(Desk::new(journal));
        let key = CallerKey::new(&[7; 32]);
        let files = NodeFiles::new(directory.path());
        let node = Arc::new(Node::open("A", key.clone(), files));
        let wake = Arc::new(Notify::new());
        let door = HomeDoor::new(
            Arc::clone(&node),
            Arc::clone(&desk),
            stream.clone(),
            path("pending.json"),
            Arc::clone(&wake),
        );
        let accounts = accounts(&path("accounts.db"), now).await;
        let facts = Facts::open(&path("facts.db")).await.unwrap();
        let (states, state) =
            watch::channel(Arc::new(Transition::new(TransitionId::from("riverside"))));
        let (stop, stopping) = watch::channel(false);
        let writer = FactsWriter::start(facts.clone(), 100);
        let shared = Arc::new(Shared::new(ConsoleParts {
            node,
            door: Arc::new(door),
            desk,
            stream,
            accounts: accounts.clone(),
            facts: facts.clone(),
            writer,
            key,
            state,
            wake,
            data: DataDir::create(&directory.path().join("data"), NewData::default()).unwrap(),
            sign_on: None,
            heartbeats: Vec::new(),
            human_heartbeats: Vec::new(),
            verify_calls: None,
            dial_in: None,
            sip: segue_sip::io_udp::Watch::default(),
            cluster: None,
            stop: stopping,
        }));
        let console = NodeConsole { shared };
        let (words, verifier) = (Words::default(), Verifier::default());
        let rig = Self {
            console,
            accounts,
            facts,
            directory,
            words,
            verifier,
            states,
            _stop: stop,
        };
        rig.follow().await;
        rig
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.console.shared
    }

    /// What the tail does: the newest state, its table, a new lease.
    pub(super) async fn follow(&self) {
        let shared = self.shared();
        let state = shared.desk.state(&shared.stream).await.unwrap();
        shared
            .node
            .install(segue_routing::compile(&state, clock::now()))
            .unwrap();
        shared.node.renew_lease();
        self.states.send_replace(state);
    }

    /// Reads the call facts and shows what there is.
    pub(super) async fn look(&mut self) -> Arc<LiveView> {
        self.console.shared.read_facts(clock::now()).await;
        self.show().await
    }

    /// Shows what there is.
    pub(super) async fn show(&mut self) -> Arc<LiveView> {
        self.console
            .shared
            .show(&mut self.words, clock::now())
            .await;
        Arc::clone(&self.console.live().borrow())
    }

    pub(super) async fn sign_in(&self, user: &str) -> Person {
        let credentials = Credentials {
            user: user.to_owned(),
            secret: PASSWORD.to_owned(),
            source: HERE,
        };
        match self.console.authenticate(credentials).await {
            SignIn::Known(person) => person,
            other => panic!("not let in: {other:?}"),
        }
    }

    pub(super) async fn token(&self, user: &str, scope: TokenScope) -> String {
        self.accounts
            .add_token(&NewToken::of(user, "feed", scope), clock::now())
            .await
            .unwrap()
    }

    /// A decision of now and the events a centre tells of it.
    pub(super) async fn call(
        &self,
        call_id: &str,
        arm: &str,
        source: &str,
        told: &[(AcdEventKind, i64)],
    ) {
        let now = clock::now();
        let decision = Decision {
            call_id: call_id.to_owned(),
            at: now - SignedDuration::from_secs(60),
            node: "A".to_owned(),
            table_hash: "t".to_owned(),
            line: "RVS-Main-TFN".to_owned(),
            chunk: Some(OUT.to_owned()),
            rule: "share".to_owned(),
            bucket: Some(1),
            pi_bp: 2_000,
            arm: arm.to_owned(),
            reason: "test".to_owned(),
            targets: Vec::new(),
            caller: None,
            dialled: "7001".to_owned(),
            is_test: false,
        };
        self.store(decision, source, told).await;
    }

    pub(super) async fn store(
        &self,
        decision: Decision,
        source: &str,
        told: &[(AcdEventKind, i64)],
    ) {
        let event = |(kind, after_s): &(AcdEventKind, i64)| AcdEvent {
            source: source.to_owned(),
            source_call_id: decision.call_id.clone(),
            kind: *kind,
            at: decision.at + SignedDuration::from_secs(*after_s),
            call_id: Some(decision.call_id.clone()),
            caller: None,
            dialled: None,
            language: None,
            age_band: None,
        };
        let events: Vec<_> = told.iter().map(event).collect();
        self.facts
            .store_decisions(std::slice::from_ref(&decision))
            .await
            .unwrap();
        self.facts.store_acd_events(&events).await.unwrap();
    }
}

pub(super) fn press(person: Person, door: Door, command_id: &str) -> FallbackRequest {
    FallbackRequest {
        scope: "all".to_owned(),
        reason: None,
        person,
        door,
        command_id: command_id.to_owned(),
    }
}

pub(super) fn chunk<'v>(view: &'v LiveView, code: &str) -> &'v ChunkView {
    view.lines
        .iter()
        .flat_map(|line| &line.chunks)
        .find(|chunk| chunk.code == code)
        .unwrap()
}
