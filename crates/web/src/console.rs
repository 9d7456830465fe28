//! The one arrow from the pages to the program: what a page may ask and what it gets back.

use crate::account::{AccountChange, AccountChanged, AccountView, Shown};
use crate::calendar::CalendarView;
use crate::discovery::DiscoveryView;
use crate::draft::{DraftChoices, DraftView};
use crate::nodes::NodesView;
use crate::parity::ParityView;
use crate::sign::{MadePasskey, NewPasskey, SignItem};
use crate::sign_on::{SignOn, SignOnBegun, SignOnReturn};
use crate::view::{LiveView, RefusalView};
use crate::week::{WeekRequest, WeekView};
use axum::body::Bytes;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// The scope that means every call of the transition.
pub const SCOPE_ALL: &str = "all";

/// What the program offers its pages. Implemented by the binary; every method may be called at
/// any time from any task.
pub trait Console: Send + Sync + 'static {
    /// The state to show, replaced as a whole when something changes.
    fn live(&self) -> watch::Receiver<Arc<LiveView>>;

    /// Checks a local account. Throttling is the console's, per person and never global.
    fn authenticate(&self, credentials: Credentials) -> BoxFuture<'_, SignIn>;

    /// Checks a duty PIN, which is good for bringing calls home and nothing else.
    fn authenticate_pin(&self, credentials: Credentials) -> BoxFuture<'_, SignIn>;

    /// The second step of coming in: the code of somebody whose password was right, and the address it comes from.
    fn authenticate_second(
        &self,
        half_way: Person,
        code: String,
        source: IpAddr,
    ) -> BoxFuture<'_, SignIn>;

    /// The provider of single sign-on as people know it, such as `id.example.org`; none where the deployment has none.
    fn sign_on_provider(&self) -> Option<String>;

    /// Begins a sign-in there; `again` asks the provider to have the person show anew who they are.
    ///
    /// # Errors
    /// The sentence to show: there is no provider, or it does not answer.
    fn begin_sign_on(&self, again: bool) -> BoxFuture<'_, Result<SignOnBegun, String>>;

    /// Ends it with what the browser came back with.
    fn end_sign_on(&self, returned: SignOnReturn) -> BoxFuture<'_, SignOn>;

    /// Where somebody whom the provider let in signs out there too, if it has a page for that.
    fn provider_sign_out(&self) -> BoxFuture<'_, Option<String>>;

    /// Whether somebody who came in is still let in: the password may have changed, or the account be gone. Accounts that
    /// cannot be read keep nobody out here; acts ask again.
    fn admits(&self, person: Person) -> BoxFuture<'_, bool>;

    /// Somebody signed in shows again who they are: with the code of the second factor, or else the password.
    fn prove(&self, person: Person, secret: String, source: IpAddr) -> BoxFuture<'_, SignIn>;

    /// The person's own account; what would let somebody in is shown to who showed not long ago who they are.
    fn account(
        &self,
        person: Person,
        proved_at: Option<Timestamp>,
    ) -> BoxFuture<'_, Result<AccountView, ActError>>;

    /// Changes the person's own account.
    fn change_account(
        &self,
        person: Person,
        change: AccountChange,
        shown: Shown,
    ) -> BoxFuture<'_, Result<AccountChanged, ActError>>;

    /// What waits for this person's signature.
    fn to_sign(&self, person: Person) -> BoxFuture<'_, Result<Vec<SignItem>, ActError>>;

    /// A passkey that this person's browser has made: its text, and the hash that vouches for it.
    fn passkey(&self, made: MadePasskey) -> BoxFuture<'_, Result<NewPasskey, ActError>>;

    /// Brings calls home. Idempotent by command id; harmless when nothing is out.
    fn fallback(&self, request: FallbackRequest)
    -> BoxFuture<'_, Result<FallbackAnswer, ActError>>;

    /// Runs a domain command; answers `{position, events}`.
    fn submit(&self, submission: Submission) -> BoxFuture<'_, Result<serde_json::Value, ActError>>;

    /// What the guards say now; both parties see the same.
    fn parity(&self) -> ParityView;

    /// The routing nodes as this one knows them now.
    fn nodes(&self) -> NodesView;

    /// The plan as both parties see it; none while nothing is proposed.
    fn calendar(&self) -> Option<CalendarView>;

    /// What discovery found, as this reader may see it; `quarantine_from` is the first quarantined row of the sheet, from 1.
    ///
    /// # Errors
    /// [`ActError::Refused`] where this reader may see no call records; the records cannot be read.
    fn discovery(
        &self,
        person: Person,
        quarantine_from: u64,
    ) -> BoxFuture<'_, Result<DiscoveryView, ActError>>;

    /// What the twelve questions can choose from.
    fn draft_choices(&self) -> DraftChoices;

    /// The draft plan that twelve answers make, as the domain reads them; nothing is recorded.
    ///
    /// # Errors
    /// The refusal of the rule that no date keeps, or what is wrong with an answer.
    fn draft(&self, answers: serde_json::Value) -> Result<DraftView, ActError>;

    /// A chunk's share and hours with the calls that each side may expect, as this reader may see them; none while nothing is
    /// proposed.
    ///
    /// # Errors
    /// [`ActError::Refused`] where this reader may see no call records, [`ActError::Invalid`] for what was typed.
    fn week(
        &self,
        person: Person,
        request: WeekRequest,
    ) -> BoxFuture<'_, Result<Option<WeekView>, ActError>>;

    /// The same for calendars (RFC 5545); without entries while nothing is proposed.
    fn calendar_feed(&self) -> String;

    /// Checks an account by its password, or by a token of it that may read. For programs that keep what they were given,
    /// as calendars do.
    fn authenticate_reader(&self, credentials: Credentials) -> BoxFuture<'_, SignIn>;

    /// Every board there is; a reader may be refused some of them.
    fn boards(&self) -> Vec<BoardKind>;

    /// One board, as this reader may see it now.
    fn board(&self, request: BoardRequest) -> BoxFuture<'_, Result<BoardView, ActError>>;

    /// Who may take a call of a patient in a state, by the licences on record.
    fn eligibility(
        &self,
        request: EligibilityRequest,
    ) -> BoxFuture<'_, Result<EligibilityAnswer, ActError>>;

    /// Takes a batch of a centre's call events (newline-delimited JSON). Idempotent.
    fn ingest(&self, batch: EventBatch) -> BoxFuture<'_, Result<IngestAnswer, IngestError>>;

    /// Takes what a probe found at a place. Nobody is signed in: the probe's one-time token has signed it. Idempotent.
    fn report_probe(
        &self,
        report: serde_json::Value,
    ) -> BoxFuture<'_, Result<serde_json::Value, ActError>>;

    /// Measurements in the Prometheus text format, without personal data.
    fn metrics(&self) -> String;

    /// Whether the process can do its work; the sentence says what is wrong.
    ///
    /// # Errors
    /// The sentence to print with status 503.
    fn health(&self) -> Result<(), String>;
}

/// A name and a secret. The secret never shows in logs.
#[derive(Clone)]
pub struct Credentials {
    /// As typed, trimmed.
    pub user: String,
    /// Password or PIN.
    pub secret: String,
    /// The address they come from: guessing is slowed down for it, and nobody elsewhere waits for that.
    pub source: IpAddr,
}

/// How every token begins.
const TOKEN_BEGINS: &str = "segue_";

impl Credentials {
    /// Whether the secret is a token for machines rather than a password.
    pub fn is_token(&self) -> bool {
        self.secret.starts_with(TOKEN_BEGINS)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Answer to a sign-in.
#[derive(Clone, Debug)]
pub enum SignIn {
    /// Welcome.
    Known(Person),
    /// Enough to bring calls home: the code of the second factor is still to come, or the token is for that alone.
    HalfWay(Person),
    /// The code was used before.
    UsedCode,
    /// Name and secret do not go together; which of the two is not said.
    Unknown,
    /// Too many attempts for this name.
    Throttled {
        /// When to try again, in seconds.
        retry_after_s: u64,
    },
    /// The accounts cannot be read.
    Unavailable {
        /// One sentence: what failed and what to do.
        message: String,
    },
}

/// Someone signed in. Pages show role and party, never the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Login name.
    pub user: String,
    /// `duty manager`, `in-house manager`.
    pub role: String,
    /// `Riverside Health`.
    pub party: String,
    /// When they showed who they are.
    pub since: Timestamp,
    /// A program with a token that may read: it sees what every signed-in person may. No session is ever one.
    #[serde(skip)]
    pub reads_only: bool,
}

/// How someone proved to be themselves for a fallback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Signed in with the account.
    Account,
    /// Person and duty PIN.
    Pin,
}

/// A press of the home button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FallbackRequest {
    /// `all`, a site or a chunk.
    pub scope: String,
    /// What the person wrote, if anything.
    pub reason: Option<String>,
    /// Who.
    pub person: Person,
    /// By which door.
    pub door: Door,
    /// Makes a retry idempotent.
    pub command_id: String,
}

/// Answer to a press; the JSON keys are those of `segue fallback` in `cli.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FallbackAnswer {
    /// Incident; the same for a retry. None while journalling is pending.
    pub incident: Option<String>,
    /// What was brought home.
    pub scope: String,
    /// Nodes that latched.
    pub nodes_home: u32,
    /// Nodes there are.
    pub nodes_total: u32,
    /// Nodes that could not be reached and what they will do by themselves, one sentence each.
    pub unreachable: Vec<String>,
    /// False: calls are home, the journal entry is still pending.
    pub journalled: bool,
    /// Time from the request to the last latch, in milliseconds.
    pub latency_ms: u64,
    /// True only after a person in-house answered a call.
    pub verified: bool,
    /// When it was pressed.
    pub pressed_at: Timestamp,
    /// True when the calls were home before: no second incident.
    pub already_home: bool,
}

/// A domain command as JSON.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The command with its fields (`segue schema`).
    pub command: serde_json::Value,
    /// Who.
    pub person: Person,
    /// When the person last showed who they are; none for a machine's token. Who signs must have done so within minutes.
    pub proved_at: Option<Timestamp>,
    /// Makes a retry idempotent.
    pub command_id: String,
}

/// A board that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BoardKind {
    /// Its name: `fallback-roster`.
    pub name: String,
    /// What it shows, in one sentence.
    pub says: String,
}

impl BoardKind {
    /// The name as a heading: `Fallback roster`.
    pub(crate) fn title(&self) -> String {
        let words = self.name.replace('-', " ");
        let mut letters = words.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect()
    }
}

/// Who asks for which board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardRequest {
    /// Its name.
    pub name: String,
    /// The reader.
    pub person: Person,
}

/// A board, drawn; the JSON keys are those of `segue show`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardView {
    /// What it is about.
    pub title: String,
    /// What each column says.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// Sentences below.
    pub notes: Vec<String>,
}

/// A call that somebody should take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EligibilityRequest {
    /// Where the patient is, as the caller answered; absent while nobody asked.
    pub patient_state: Option<String>,
    /// The call type; absent means the hardest one.
    pub call_type: Option<String>,
    /// The agents who are free; empty means everybody on the roster.
    pub agents: Vec<String>,
    /// Who asks.
    pub person: Person,
}

/// Who may take it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EligibilityAnswer {
    /// Agents who may, by the outsourcer's number.
    pub eligible: Vec<String>,
    /// What to do, in a sentence.
    pub reason: String,
    /// When nobody may: the physician on call calls back by then.
    pub physician_callback_by: Option<String>,
    /// The day the compact's rows were checked.
    pub table_checked_on: Option<String>,
    /// "Verify with counsel", until the rows are confirmed.
    pub banner: Option<String>,
    /// Who routes the call: not Segue.
    pub note: String,
}

/// Why an act was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// A rule refused it: status 409.
    #[error("refused: {}", .0.code)]
    Refused(Box<RefusalView>),
    /// The request itself is wrong: status 422.
    #[error("not a valid request: {}", .0.code)]
    Invalid(Box<RefusalView>),
    /// Network, database or disk: status 503.
    #[error("not available: {message}")]
    Unavailable {
        /// One sentence: what failed and what to do.
        message: String,
    },
}

/// A batch of a centre's events.
#[derive(Clone)]
pub struct EventBatch {
    /// The site's bearer token.
    pub token: String,
    /// Newline-delimited JSON.
    pub body: Bytes,
}

impl fmt::Debug for EventBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBatch")
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Reconciliation of a batch: every row is in exactly one count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestAnswer {
    /// Rows read.
    pub read: u64,
    /// New facts.
    pub accepted: u64,
    /// Known already.
    pub duplicates: u64,
    /// Set aside.
    pub quarantined: u64,
    /// The rows set aside, by line of this batch.
    pub rows: Vec<QuarantinedRow>,
}

/// A row that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedRow {
    /// Line of the batch, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// Why a batch was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// No site has this token: status 401.
    #[error("no site has this token; ask the telephony engineer for the site's feed token")]
    UnknownToken,
    /// A rule stands in the way: status 409.
    #[error("refused by a rule")]
    Refused(Box<RefusalView>),
    /// The store cannot take it now: status 503; the sender keeps the batch and repeats it.
    #[error("not available: {message}")]
    Unavailable {
        /// One sentence: what failed and what to do.
        message: String,
    },
}
