//! The bridge from the pages to the rest of the binary: every door of the pages ends here.
//!
//! Pages see a [`LiveView`], rebuilt about once a second and at once after a press; people act through the home door and
//! the desk like everybody else; centres hand in their call events.

mod account;
mod acts;
mod build;
mod calendar;
pub(crate) mod cases;
pub(crate) mod dial_in;
mod discovery;
mod draft;
pub(crate) mod forgetting;
mod gather;
mod guard;
mod had_we_not_moved;
pub(crate) mod heartbeat;
pub(crate) mod human_heartbeat;
mod ingest;
mod joining;
mod live;
mod metrics;
mod nodes;
mod parity;
mod people;
mod probing;
mod readiness;
pub(crate) mod remembering;
mod sign;
mod sign_on;
mod so_far;
mod spare_pins;
mod trunks;
pub(crate) mod verify_call;
mod verifying;
mod week;

#[cfg(test)]
mod tests;

use crate::data_dir::DataDir;
use crate::home::{HomeDoor, JOURNAL_WAIT};
use crate::node::Node;
use crate::node::cluster::Cluster;
use crate::office::{LocalDesk, chain};
use crate::sign_on::{NO_SIGN_ON, SignOnDoor};
use gather::Measured;
use jiff::Timestamp;
use people::People;
use remembering::GuardFiles;
use segue_domain::boards;
use segue_domain::caller::CallerKey;
use segue_domain::counterfactual::StaffingKey;
use segue_domain::{Actor, Command, Transition};
use segue_journal::accounts::Accounts;
use segue_journal::facts::{Facts, FactsWriter};
use segue_journal::{CommandId, Request, StreamId};
use segue_web::account::{AccountChange, AccountChanged, AccountView, Shown};
use segue_web::calendar::CalendarView;
use segue_web::discovery::DiscoveryView;
use segue_web::draft::{DraftChoices, DraftView};
use segue_web::nodes::NodesView;
use segue_web::parity::ParityView;
use segue_web::sign::{MadePasskey, NewPasskey, SignItem};
use segue_web::sign_on::{SignOn, SignOnBegun, SignOnReturn};
use segue_web::view::LiveView;
use segue_web::week::{WeekRequest, WeekView};
use segue_web::{
    ActError, BoardKind, BoardRequest, BoardView, Console, Credentials, EligibilityAnswer,
    EligibilityRequest, EventBatch, FallbackAnswer, FallbackRequest, IngestAnswer, IngestError,
    Person, SignIn, Submission,
};
use so_far::SoFar;
use spare_pins::SparePins;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, Semaphore, watch};

/// Segue's own name as an actor: a part of the program, on the client's side.
const SEGUE: &str = "segue";

/// Everything the pages need of the running process.
pub(crate) struct ConsoleParts {
    /// The routing node of this process.
    pub(crate) node: Arc<Node>,
    /// The one way home.
    pub(crate) door: Arc<HomeDoor>,
    /// The one command layer.
    pub(crate) desk: Arc<LocalDesk>,
    /// The transition's stream.
    pub(crate) stream: StreamId,
    /// Who may come in.
    pub(crate) accounts: Accounts,
    /// Decisions and the centres' records.
    pub(crate) facts: Facts,
    /// Their writer, for its counts.
    pub(crate) writer: FactsWriter,
    /// The client's key for caller hashes.
    pub(crate) key: CallerKey,
    /// The transition as the tail last read it.
    pub(crate) state: watch::Receiver<Arc<Transition>>,
    /// Wakes the tail after a command of this process.
    pub(crate) wake: Arc<Notify>,
    /// Where call records lie, what readiness was computed from, and what the guards remember.
    pub(crate) data: DataDir,
    /// The provider of single sign-on, if there is one.
    pub(crate) sign_on: Option<SignOnDoor>,
    /// Paths to the outsourcer that are called each minute.
    pub(crate) heartbeats: Vec<heartbeat::HeartbeatPath>,
    /// Chunks whose people at the outsourcer are called each hour.
    pub(crate) human_heartbeats: Vec<human_heartbeat::HumanHeartbeat>,
    /// How the node calls itself after a fallback, if it is to.
    pub(crate) verify_calls: Option<verify_call::VerifyCalls>,
    /// Where testers enter the codes of their calls, if anywhere.
    pub(crate) dial_in: Option<dial_in::DialInLine>,
    /// What the SIP side counts.
    pub(crate) sip: segue_sip::io_udp::Watch,
    /// The other nodes, if there are any.
    pub(crate) cluster: Option<Arc<Cluster>>,
    /// Turns true when the process ends.
    pub(crate) stop: watch::Receiver<bool>,
}

/// The pages' console over one node.
pub(crate) struct NodeConsole {
    shared: Arc<Shared>,
}

/// What the console's doors and its background task share.
struct Shared {
    node: Arc<Node>,
    door: Arc<HomeDoor>,
    desk: Arc<LocalDesk>,
    stream: StreamId,
    facts: Facts,
    writer: FactsWriter,
    key: CallerKey,
    data: DataDir,
    guard_files: GuardFiles,
    sip: segue_sip::io_udp::Watch,
    people: People,
    sign_on: Option<SignOnDoor>,
    state: watch::Receiver<Arc<Transition>>,
    wake: Arc<Notify>,
    cluster: Option<Arc<Cluster>>,
    view: watch::Sender<Arc<LiveView>>,
    /// Asks for a new view before the second is over.
    rebuild: Notify,
    memory: Mutex<Memory>,
    /// Told when "had we not moved" was made up for after a start: then the guards begin.
    replayed_once: Notify,
    /// What testers dial to enter a code, where there is such a line.
    dial_in_number: Option<String>,
    /// Who knocks with a probe that is not known here waits for one of these.
    probe_turns: Semaphore,
    /// The call history, understood; whoever reads it holds it, so that it is read once.
    history: tokio::sync::Mutex<discovery::History>,
    /// The same of its calls by hour of the week.
    hours: tokio::sync::Mutex<week::Hours>,
    /// Which checkpoint this node could not mail.
    unmailed: crate::mailing::Unmailed,
}

/// What is known only in memory and lost without harm.
#[derive(Default)]
struct Memory {
    /// The last reading of the call facts.
    measured: Option<Arc<Measured>>,
    /// Why the last reading failed.
    facts_trouble: Option<String>,
    /// Presses of these pages that the journal does not know yet, newest last.
    unjournalled: Vec<Unjournalled>,
    /// When each feed last handed something in: in-house, outsourced.
    fed_at: [Option<Timestamp>; 2],
    /// What the guards said at their last look.
    parity: Arc<ParityView>,
    /// "Had we not moved" of the blocks that run.
    so_far: BTreeMap<StaffingKey, SoFar>,
    /// The last check of the chain.
    chain: Option<segue_web::view::ChainCheck>,
}

/// A press that waits for the journal.
#[derive(Clone, Debug)]
struct Unjournalled {
    scope: String,
    at: Timestamp,
    by: String,
}

impl NodeConsole {
    /// Starts keeping the view up to date, until `stop`. Must be called inside a tokio runtime.
    pub(crate) fn start(mut parts: ConsoleParts) -> Self {
        let (stop, heartbeats) = (parts.stop.clone(), parts.heartbeats.clone());
        let verify_calls = parts.verify_calls.clone();
        let human_heartbeats = parts.human_heartbeats.clone();
        let dial_in = parts.dial_in.take();
        let mut shared = Shared::new(parts);
        shared.dial_in_number = dial_in.as_ref().map(|line| line.number.clone());
        let shared = Arc::new(shared);
        if let Some(line) = dial_in {
            tokio::spawn(dial_in::keep(Arc::clone(&shared), line, stop.clone()));
        }
        if let Some(calls) = verify_calls {
            tokio::spawn(verify_call::keep(Arc::clone(&shared), calls, stop.clone()));
        }
        for beat in human_heartbeats {
            tokio::spawn(human_heartbeat::keep(
                Arc::clone(&shared),
                beat,
                stop.clone(),
            ));
        }
        for path in heartbeats {
            tokio::spawn(heartbeat::keep(Arc::clone(&shared), path, stop.clone()));
        }
        let cluster = shared.cluster.clone();
        tokio::spawn(nodes::keep(Arc::clone(&shared), cluster, stop.clone()));
        tokio::spawn(live::keep(Arc::clone(&shared), stop.clone()));
        tokio::spawn(guard::keep(Arc::clone(&shared), stop.clone()));
        tokio::spawn(had_we_not_moved::keep(Arc::clone(&shared), stop.clone()));
        tokio::spawn(so_far::keep(Arc::clone(&shared), stop.clone()));
        tokio::spawn(readiness::keep(Arc::clone(&shared), stop.clone()));
        tokio::spawn(spare_pins::keep(Arc::clone(&shared), stop.clone()));
        tokio::spawn(live::check_chain(Arc::clone(&shared), stop));
        Self { shared }
    }
}

impl Shared {
    fn new(parts: ConsoleParts) -> Self {
        let empty = build::nothing_yet(crate::clock::now());
        Self {
            node: parts.node,
            door: parts.door,
            desk: parts.desk,
            stream: parts.stream,
            facts: parts.facts,
            writer: parts.writer,
            key: parts.key,
            guard_files: GuardFiles::new(parts.data.root()),
            sip: parts.sip,
            people: People::new(parts.accounts, SparePins::new(parts.data.root())),
            data: parts.data,
            sign_on: parts.sign_on,
            state: parts.state,
            wake: parts.wake,
            cluster: parts.cluster,
            view: watch::Sender::new(Arc::new(empty)),
            rebuild: Notify::new(),
            memory: Mutex::default(),
            replayed_once: Notify::new(),
            dial_in_number: None,
            probe_turns: Semaphore::new(probing::TURNS_MAX),
            history: tokio::sync::Mutex::default(),
            hours: tokio::sync::Mutex::default(),
            unmailed: crate::mailing::Unmailed::default(),
        }
    }

    /// The transition as the tail last read it.
    fn transition(&self) -> Arc<Transition> {
        Arc::clone(&self.state.borrow())
    }

    /// A command of the program's own to the desk, which is waited for no longer than a person would be; why it was not taken.
    async fn own(
        &self,
        id: String,
        actor: Actor,
        command: Command,
        now: Timestamp,
    ) -> Result<(), String> {
        let command_id = CommandId::new(id).map_err(|error| error.to_string())?;
        let request = Request {
            stream: self.stream.clone(),
            command_id,
            actor,
            command,
            now,
        };
        match tokio::time::timeout(JOURNAL_WAIT, self.desk.execute(&request)).await {
            Ok(Ok(_)) => {
                self.wake.notify_one();
                Ok(())
            }
            Ok(Err(error)) => Err(chain(&error)),
            Err(_) => Err("the journal is slow".to_owned()),
        }
    }

    /// A panic elsewhere leaves nothing half-written here.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl Console for NodeConsole {
    fn live(&self) -> watch::Receiver<Arc<LiveView>> {
        self.shared.view.subscribe()
    }

    fn authenticate(&self, credentials: Credentials) -> Boxed<'_, SignIn> {
        Box::pin(async move {
            let t = self.shared.transition();
            self.shared
                .people
                .enter(&t, &credentials, crate::clock::now())
                .await
        })
    }

    fn authenticate_pin(&self, credentials: Credentials) -> Boxed<'_, SignIn> {
        Box::pin(async move {
            let t = self.shared.transition();
            self.shared
                .people
                .enter_with_pin(&t, &credentials, crate::clock::now())
                .await
        })
    }

    fn authenticate_second(
        &self,
        half_way: Person,
        code: String,
        source: IpAddr,
    ) -> Boxed<'_, SignIn> {
        Box::pin(async move {
            let (t, now) = (self.shared.transition(), crate::clock::now());
            let people = &self.shared.people;
            people
                .enter_second(&t, &half_way, (&code, source), now)
                .await
        })
    }

    fn sign_on_provider(&self) -> Option<String> {
        let door = self.shared.sign_on.as_ref()?;
        Some(door.provider().to_owned())
    }

    fn begin_sign_on(&self, again: bool) -> Boxed<'_, Result<SignOnBegun, String>> {
        Box::pin(async move {
            match &self.shared.sign_on {
                Some(door) => door.begin(again, crate::clock::now()).await,
                None => Err(NO_SIGN_ON.to_owned()),
            }
        })
    }

    fn end_sign_on(&self, returned: SignOnReturn) -> Boxed<'_, SignOn> {
        Box::pin(self.shared.end_sign_on(returned))
    }

    fn provider_sign_out(&self) -> Boxed<'_, Option<String>> {
        Box::pin(async move {
            let door = self.shared.sign_on.as_ref()?;
            door.sign_out_url().await
        })
    }

    fn admits(&self, person: Person) -> Boxed<'_, bool> {
        Box::pin(async move { self.shared.people.admits(&person).await })
    }

    fn prove(&self, person: Person, secret: String, source: IpAddr) -> Boxed<'_, SignIn> {
        Box::pin(async move {
            let (t, now) = (self.shared.transition(), crate::clock::now());
            let shown = (secret.as_str(), source);
            self.shared.people.prove(&t, &person, shown, now).await
        })
    }

    fn account(
        &self,
        person: Person,
        proved_at: Option<Timestamp>,
    ) -> Boxed<'_, Result<AccountView, ActError>> {
        Box::pin(self.shared.account(person, proved_at))
    }

    fn change_account(
        &self,
        person: Person,
        change: AccountChange,
        shown: Shown,
    ) -> Boxed<'_, Result<AccountChanged, ActError>> {
        Box::pin(self.shared.change_account(person, change, shown))
    }

    fn to_sign(&self, person: Person) -> Boxed<'_, Result<Vec<SignItem>, ActError>> {
        Box::pin(self.shared.to_sign(person))
    }

    fn passkey(&self, made: MadePasskey) -> Boxed<'_, Result<NewPasskey, ActError>> {
        Box::pin(self.shared.passkey(made))
    }

    fn fallback(&self, request: FallbackRequest) -> Boxed<'_, Result<FallbackAnswer, ActError>> {
        Box::pin(self.shared.press(request))
    }

    fn submit(&self, submission: Submission) -> Boxed<'_, Result<serde_json::Value, ActError>> {
        Box::pin(self.shared.submit(submission))
    }

    fn parity(&self) -> ParityView {
        ParityView::clone(&self.shared.memory().parity)
    }

    fn nodes(&self) -> NodesView {
        self.shared.nodes()
    }

    fn calendar(&self) -> Option<CalendarView> {
        calendar::view(&self.shared.transition(), crate::clock::now())
    }

    fn discovery(
        &self,
        person: Person,
        quarantine_from: u64,
    ) -> Boxed<'_, Result<DiscoveryView, ActError>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(discovery::show(shared, person, quarantine_from))
    }

    fn draft_choices(&self) -> DraftChoices {
        draft::choices(&self.shared.transition(), crate::clock::now())
    }

    fn draft(&self, answers: serde_json::Value) -> Result<DraftView, ActError> {
        draft::draft(&self.shared.transition(), answers, crate::clock::now())
    }

    fn week(
        &self,
        person: Person,
        request: WeekRequest,
    ) -> Boxed<'_, Result<Option<WeekView>, ActError>> {
        Box::pin(async move { self.shared.week(&person, request).await })
    }

    fn calendar_feed(&self) -> String {
        calendar::feed(&self.shared.transition(), crate::clock::now())
    }

    fn authenticate_reader(&self, credentials: Credentials) -> Boxed<'_, SignIn> {
        Box::pin(async move {
            let t = self.shared.transition();
            self.shared
                .people
                .enter_to_read(&t, &credentials, crate::clock::now())
                .await
        })
    }

    fn boards(&self) -> Vec<BoardKind> {
        let kind = |kind: &boards::Kind| BoardKind {
            name: kind.name.to_owned(),
            says: kind.says.to_owned(),
        };
        boards::KINDS.iter().map(kind).collect()
    }

    fn board(&self, request: BoardRequest) -> Boxed<'_, Result<BoardView, ActError>> {
        Box::pin(self.shared.board(request))
    }

    fn eligibility(
        &self,
        request: EligibilityRequest,
    ) -> Boxed<'_, Result<EligibilityAnswer, ActError>> {
        Box::pin(self.shared.eligibility(request))
    }

    fn ingest(&self, batch: EventBatch) -> Boxed<'_, Result<IngestAnswer, IngestError>> {
        Box::pin(self.shared.ingest(batch))
    }

    fn report_probe(
        &self,
        report: serde_json::Value,
    ) -> Boxed<'_, Result<serde_json::Value, ActError>> {
        Box::pin(self.shared.take_probe(report))
    }

    fn metrics(&self) -> String {
        metrics::text(&self.shared)
    }

    fn health(&self) -> Result<(), String> {
        if self.shared.node.lease_ms_left() > 0 {
            return Ok(());
        }
        Err("the journal has not answered for longer than the lease, so calls take their cut-off action; \
             check the disk of the data directory and run: segue doctor"
            .to_owned())
    }
}
