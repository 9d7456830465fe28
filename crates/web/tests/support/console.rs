//! A console in memory with the example transition: two people, one PIN, one feed token. It is
//! for looking at pages and for tests of this room; it routes no calls.
#![allow(
    dead_code,
    clippy::expect_used,
    clippy::allow_attributes,
    reason = "test support: each user needs a part of it, and the example includes it too"
)]

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use segue_domain::passkey::Passkey;
use segue_web::account::{AccountChange, AccountChanged, AccountView, Shown};
use segue_web::calendar::CalendarView;
use segue_web::discovery::DiscoveryView;
use segue_web::draft::{DraftChoices, DraftView};
use segue_web::nodes::NodesView;
use segue_web::parity::ParityView;
use segue_web::sign::{MadePasskey, NewPasskey, SignItem};
use segue_web::sign_on::{SignOn, SignOnBegun, SignOnReturn};
use segue_web::view::{Aspect, HomeLatch, LiveView, RefusalView, StateView};
use segue_web::week::{WeekRequest, WeekView};
use segue_web::{
    ActError, BoardKind, BoardRequest, BoardView, Console, Credentials, EligibilityAnswer,
    EligibilityRequest, EventBatch, FallbackAnswer, FallbackRequest, IngestAnswer, IngestError,
    Person, QuarantinedRow, SCOPE_ALL, SignIn, Submission,
};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

mod account_view;
mod board_view;
mod calendar_view;
mod discovery_view;
mod draft_view;
mod live_view;
mod nodes_view;
mod parity_view;
mod sign_on_view;
mod week_view;

pub(crate) use live_view::example;

pub(crate) const USER: &str = "dana";
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const PIN: &str = "73910246";
pub(crate) const READ_TOKEN: &str = "segue_a-token-that-may-read";
pub(crate) const ACT_TOKEN: &str = "segue_a-token-that-may-act";
pub(crate) const HOME_TOKEN: &str = "segue_a-token-that-brings-calls-home";
pub(crate) const FEED_TOKEN: &str = "feed-token-of-rvs-main";

/// Somebody with a second factor, and the code their device shows.
pub(crate) const CAUTIOUS: &str = "casey";
pub(crate) const CODE: &str = "492039";
/// What waits for a signature.
pub(crate) const TO_SIGN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The moment the fixture shows: Tue 13 Apr 2027 10:42 EDT.
pub(crate) const AS_OF: &str = "2027-04-13T14:42:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an RFC 3339 instant")
}

fn cautious() -> Person {
    Person {
        user: CAUTIOUS.into(),
        role: "signatory".into(),
        party: "Riverside Health".into(),
        since: at(AS_OF),
        reads_only: false,
    }
}

pub(crate) struct MemoryConsole {
    view: watch::Sender<Arc<LiveView>>,
    pub(crate) presses: Mutex<HashMap<String, FallbackRequest>>,
    /// Presses that reached the console.
    pub(crate) entered: watch::Sender<u32>,
    /// While false, a press waits inside the console.
    pub(crate) gate: watch::Sender<bool>,
    pub(crate) wrong_attempts: Mutex<HashMap<String, u32>>,
    /// Where secrets came from, in the order they were checked.
    pub(crate) sources: Mutex<Vec<IpAddr>>,
    /// The answers a draft was made from last.
    pub(crate) answered: Mutex<serde_json::Value>,
    /// Who came in before this is let in no more.
    pub(crate) valid_from: Mutex<Option<Timestamp>>,
    enrolling: Mutex<bool>,
    /// What was shown before this was shown too long ago.
    pub(crate) stale_before: Mutex<Option<Timestamp>>,
    /// What the provider of single sign-on answers; there is none without it.
    pub(crate) sign_on: Mutex<Option<SignOn>>,
    /// Changes of accounts that reached the console.
    pub(crate) changes: Mutex<Vec<(String, serde_json::Value)>>,
    /// Commands that reached the console.
    pub(crate) submitted: Mutex<Vec<serde_json::Value>>,
    /// The nodes as shown.
    pub(crate) nodes: Mutex<NodesView>,
}

impl MemoryConsole {
    pub(crate) fn new(view: LiveView) -> Arc<Self> {
        Arc::new(Self {
            view: watch::Sender::new(Arc::new(view)),
            presses: Mutex::default(),
            entered: watch::Sender::new(0),
            gate: watch::Sender::new(true),
            wrong_attempts: Mutex::default(),
            sources: Mutex::default(),
            answered: Mutex::default(),
            valid_from: Mutex::default(),
            enrolling: Mutex::default(),
            stale_before: Mutex::default(),
            sign_on: Mutex::default(),
            changes: Mutex::default(),
            submitted: Mutex::default(),
            nodes: Mutex::new(nodes_view::three_nodes()),
        })
    }

    /// Changes what is shown, as the program does when something happened.
    pub(crate) fn change(&self, edit: impl FnOnce(&mut LiveView)) {
        self.view.send_modify(|view| edit(Arc::make_mut(view)));
    }

    fn check(&self, credentials: &Credentials, secret: &str, role: &str) -> SignIn {
        self.came_from(credentials.source);
        let mut wrong = self.wrong_attempts.lock().expect("no panic while held");
        let attempts = wrong.entry(credentials.user.clone()).or_default();
        if *attempts >= 5 {
            return SignIn::Throttled { retry_after_s: 30 };
        }
        if credentials.user == USER && credentials.secret == secret {
            *attempts = 0;
            return SignIn::Known(Person {
                user: USER.into(),
                role: role.into(),
                party: "Riverside Health".into(),
                since: at(AS_OF),
                reads_only: credentials.secret == READ_TOKEN,
            });
        }
        *attempts += 1;
        SignIn::Unknown
    }

    fn is_stale(&self, proved_at: Option<Timestamp>) -> bool {
        let before = *self.stale_before.lock().expect("no panic while held");
        before.is_some_and(|before| proved_at.is_none_or(|at| at < before))
    }

    fn came_from(&self, source: IpAddr) {
        let mut sources = self.sources.lock().expect("no panic while held");
        sources.push(source);
    }

    fn press(&self, request: FallbackRequest) -> Result<FallbackAnswer, ActError> {
        let known = self
            .view
            .borrow()
            .scopes
            .iter()
            .any(|s| s.scope == request.scope);
        if !known {
            return Err(ActError::Invalid(Box::new(RefusalView {
                code: "SCOPE_UNKNOWN".into(),
                rule: "Only what exists can be brought home.".into(),
                missing: vec![format!("a site or chunk named {}", request.scope)],
                who: "You".into(),
                how: "Choose every call, or one of the names on the live page.".into(),
            })));
        }
        let pressed_at = at("2027-04-13T14:43:10Z");
        let mut presses = self.presses.lock().expect("no panic while held");
        let already_home = !presses.is_empty();
        presses.insert(request.command_id.clone(), request.clone());
        drop(presses);
        if !already_home {
            self.change(|view| {
                view.home.insert(
                    0,
                    HomeLatch {
                        scope: request.scope.clone(),
                        incident: Some("17".into()),
                        pressed_at,
                        by: format!("{}, {}", request.person.role, request.person.party),
                        nodes_home: 1,
                        nodes_total: 1,
                        journalled: true,
                        verified_at: None,
                    },
                );
                bring_home(view, &request.scope);
            });
        }
        Ok(FallbackAnswer {
            incident: Some("17".into()),
            scope: request.scope,
            nodes_home: 1,
            nodes_total: 1,
            unreachable: Vec::new(),
            journalled: true,
            latency_ms: 3,
            verified: false,
            pressed_at,
            already_home,
        })
    }
}

fn bring_home(view: &mut LiveView, scope: &str) {
    for node in &mut view.nodes {
        node.home = scope == SCOPE_ALL;
    }
    for line in &mut view.lines {
        for chunk in &mut line.chunks {
            if scope == SCOPE_ALL || scope == line.site || scope == chunk.code {
                chunk.out_percent = Some(0);
                chunk.state = StateView {
                    aspect: Aspect::Hold,
                    word: "Home".into(),
                    note: Some("not verified yet".into()),
                    at: None,
                };
            }
        }
    }
}

impl Console for MemoryConsole {
    fn live(&self) -> watch::Receiver<Arc<LiveView>> {
        self.view.subscribe()
    }

    fn authenticate(&self, credentials: Credentials) -> BoxFuture<'_, SignIn> {
        if credentials.user == CAUTIOUS && credentials.secret == PASSWORD {
            self.came_from(credentials.source);
            return std::future::ready(SignIn::HalfWay(cautious())).boxed();
        }
        let role = "in-house manager";
        let answer = match credentials.secret.as_str() {
            ACT_TOKEN => self.check(&credentials, ACT_TOKEN, role),
            HOME_TOKEN => match self.check(&credentials, HOME_TOKEN, role) {
                SignIn::Known(person) => SignIn::HalfWay(person),
                other => other,
            },
            _ => self.check(&credentials, PASSWORD, role),
        };
        std::future::ready(answer).boxed()
    }

    fn authenticate_pin(&self, credentials: Credentials) -> BoxFuture<'_, SignIn> {
        std::future::ready(self.check(&credentials, PIN, "duty manager")).boxed()
    }

    fn authenticate_second(
        &self,
        half_way: Person,
        code: String,
        source: IpAddr,
    ) -> BoxFuture<'_, SignIn> {
        self.came_from(source);
        let answer = match code.as_str() {
            CODE if half_way.user == CAUTIOUS => SignIn::Known(cautious()),
            "000000" => SignIn::UsedCode,
            _ => SignIn::Unknown,
        };
        std::future::ready(answer).boxed()
    }

    fn sign_on_provider(&self) -> Option<String> {
        let known = self.sign_on.lock().expect("no panic while held");
        known.as_ref().map(|_| "id.example.org".to_owned())
    }

    fn begin_sign_on(&self, again: bool) -> BoxFuture<'_, Result<SignOnBegun, String>> {
        std::future::ready(sign_on_view::begun(self.sign_on_provider(), again)).boxed()
    }

    fn end_sign_on(&self, returned: SignOnReturn) -> BoxFuture<'_, SignOn> {
        self.came_from(returned.source);
        let known = self.sign_on.lock().expect("no panic while held").clone();
        std::future::ready(sign_on_view::ended(known, &returned)).boxed()
    }

    fn admits(&self, person: Person) -> BoxFuture<'_, bool> {
        let valid_from = *self.valid_from.lock().expect("no panic while held");
        std::future::ready(valid_from.is_none_or(|from| person.since >= from)).boxed()
    }

    fn provider_sign_out(&self) -> BoxFuture<'_, Option<String>> {
        let provider = self.sign_on_provider();
        let url = provider.map(|provider| format!("https://{provider}/out?client_id=segue"));
        std::future::ready(url).boxed()
    }

    fn prove(&self, person: Person, secret: String, source: IpAddr) -> BoxFuture<'_, SignIn> {
        self.came_from(source);
        let right = if person.user == CAUTIOUS {
            CODE
        } else {
            PASSWORD
        };
        let answer = if secret == right {
            SignIn::Known(person)
        } else {
            SignIn::Unknown
        };
        std::future::ready(answer).boxed()
    }

    fn account(
        &self,
        person: Person,
        proved_at: Option<Timestamp>,
    ) -> BoxFuture<'_, Result<AccountView, ActError>> {
        let enrolled = person.user == CAUTIOUS;
        let begun = *self.enrolling.lock().expect("no panic while held");
        let view = account_view::account(&person.user, (enrolled, begun, self.is_stale(proved_at)));
        std::future::ready(Ok(view)).boxed()
    }

    fn change_account(
        &self,
        person: Person,
        change: AccountChange,
        shown: Shown,
    ) -> BoxFuture<'_, Result<AccountChanged, ActError>> {
        self.came_from(shown.source);
        let confirms = matches!(change, AccountChange::ConfirmSecondFactor { .. });
        if confirms && self.is_stale(shown.proved_at) {
            return std::future::ready(Err(account_view::not_shown())).boxed();
        }
        let answer = match &change {
            AccountChange::BeginSecondFactor => {
                *self.enrolling.lock().expect("no panic while held") = true;
                AccountChanged::Done
            }
            AccountChange::ConfirmSecondFactor { .. } => {
                AccountChanged::RecoveryCodes(vec!["abcd-efgh-ijkl-mnop".into()])
            }
            AccountChange::Password { .. } | AccountChange::EndSessions => {
                let later = at("2027-04-13T15:00:00Z");
                *self.valid_from.lock().expect("no panic while held") = Some(later);
                AccountChanged::Done
            }
            _ => AccountChanged::Done,
        };
        let mut changes = self.changes.lock().expect("no panic while held");
        changes.push((person.user, serde_json::to_value(&change).expect("JSON")));
        std::future::ready(Ok(answer)).boxed()
    }

    fn to_sign(&self, _person: Person) -> BoxFuture<'_, Result<Vec<SignItem>, ActError>> {
        let fields = serde_json::json!({ "version": 3 });
        let item = SignItem {
            command: "sign_plan".into(),
            fields: fields.as_object().expect("an object").clone(),
            about: "plan, version 3".into(),
            hash: TO_SIGN.into(),
        };
        std::future::ready(Ok(vec![item])).boxed()
    }

    fn passkey(&self, made: MadePasskey) -> BoxFuture<'_, Result<NewPasskey, ActError>> {
        let new_key = Passkey::text_of(&made.spki, &made.origin).expect("a passkey of this page");
        let made = NewPasskey {
            person: made.person.user,
            new_key,
            hash: "5a".repeat(32),
        };
        std::future::ready(Ok(made)).boxed()
    }

    fn fallback(
        &self,
        request: FallbackRequest,
    ) -> BoxFuture<'_, Result<FallbackAnswer, ActError>> {
        async move {
            self.entered.send_modify(|n| *n += 1);
            let _open = self.gate.subscribe().wait_for(|open| *open).await.is_ok();
            self.press(request)
        }
        .boxed()
    }

    fn submit(&self, submission: Submission) -> BoxFuture<'_, Result<serde_json::Value, ActError>> {
        let command = submission.command.clone();
        self.submitted
            .lock()
            .expect("no panic while held")
            .push(command);
        let answer = if submission.command["share_percent"] == 110 {
            Err(ActError::Invalid(Box::new(RefusalView {
                code: "SHARE_OUT_OF_RANGE".into(),
                rule: "A share is a whole number from 0 to 100.".into(),
                missing: vec!["a share between 0 and 100".into()],
                who: "Whoever sends the command".into(),
                how: "Send share_percent between 0 and 100.".into(),
            })))
        } else if submission.command["name"] == "raise" {
            Err(ActError::Refused(Box::new(parity_not_proved())))
        } else {
            Ok(serde_json::json!({ "position": 48_214, "events": ["noted"] }))
        };
        std::future::ready(answer).boxed()
    }

    fn parity(&self) -> ParityView {
        parity_view::parity()
    }

    fn nodes(&self) -> NodesView {
        self.nodes.lock().expect("no panic while held").clone()
    }

    fn calendar(&self) -> Option<CalendarView> {
        let known = !self.view.borrow().lines.is_empty();
        known.then(calendar_view::calendar)
    }

    fn discovery(
        &self,
        _: Person,
        quarantine_from: u64,
    ) -> BoxFuture<'_, Result<DiscoveryView, ActError>> {
        let known = !self.view.borrow().lines.is_empty();
        let view = if known {
            discovery_view::discovery(quarantine_from)
        } else {
            DiscoveryView::default()
        };
        std::future::ready(Ok(view)).boxed()
    }

    fn draft_choices(&self) -> DraftChoices {
        draft_view::choices()
    }

    fn draft(&self, answers: serde_json::Value) -> Result<DraftView, ActError> {
        let draft = draft_view::draft(&answers)?;
        *self.answered.lock().expect("no panic while held") = answers;
        Ok(draft)
    }

    fn week(
        &self,
        _: Person,
        request: WeekRequest,
    ) -> BoxFuture<'_, Result<Option<WeekView>, ActError>> {
        std::future::ready(week_view::answer(&request)).boxed()
    }

    fn report_probe(
        &self,
        report: serde_json::Value,
    ) -> BoxFuture<'_, Result<serde_json::Value, ActError>> {
        let known = report["probe"] == "PR-1";
        let answer = if known {
            Ok(serde_json::json!({ "position": 48_215, "events": ["probe_reported"] }))
        } else {
            Err(ActError::Refused(Box::new(RefusalView {
                code: "SIGNATURE_INVALID".into(),
                rule: "A signature is made by the token.".into(),
                missing: vec!["a signature by the token of PR-1".into()],
                who: "Whoever ran the probe".into(),
                how: "Hand in what the probe wrote, unchanged.".into(),
            })))
        };
        std::future::ready(answer).boxed()
    }

    fn calendar_feed(&self) -> String {
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".into()
    }

    fn authenticate_reader(&self, credentials: Credentials) -> BoxFuture<'_, SignIn> {
        let secret = if credentials.secret == READ_TOKEN {
            READ_TOKEN
        } else {
            PASSWORD
        };
        std::future::ready(self.check(&credentials, secret, "in-house manager")).boxed()
    }

    fn boards(&self) -> Vec<BoardKind> {
        let kind = |name: &str, says: &str| BoardKind {
            name: name.into(),
            says: says.into(),
        };
        vec![
            kind("gates", "The five lamps of each chunk"),
            kind("people", "Paths and dates"),
        ]
    }

    fn board(&self, request: BoardRequest) -> BoxFuture<'_, Result<BoardView, ActError>> {
        let answer = if request.name == "my-test-calls" {
            Ok(board_view::my_test_calls())
        } else if request.name == "gates" {
            Ok(BoardView {
                title: "Readiness gates".into(),
                columns: ["chunk", "leg", "lamp", "missing"]
                    .map(str::to_owned)
                    .to_vec(),
                rows: vec![
                    ["MSG", "agents", "green", ""].map(str::to_owned).to_vec(),
                    ["MSG", "compliance", "red", "<b>a reference</b>"]
                        .map(str::to_owned)
                        .to_vec(),
                ],
                notes: vec!["MSG: MASS CUTOVER".into()],
            })
        } else {
            Err(ActError::Refused(Box::new(RefusalView {
                code: "NOT_AUTHORISED".into(),
                rule: "An action needs a role that carries it.".into(),
                missing: vec![format!("a role that may see {}", request.name)],
                who: "The party whose board it is".into(),
                how: "Ask a person of that party.".into(),
            })))
        };
        std::future::ready(answer).boxed()
    }

    fn eligibility(
        &self,
        request: EligibilityRequest,
    ) -> BoxFuture<'_, Result<EligibilityAnswer, ActError>> {
        let answer = match request.patient_state.as_deref() {
            None => Err(ActError::Refused(Box::new(RefusalView {
                code: "PATIENT_LOCATION".into(),
                rule: "A nurse's authority follows the patient's location.".into(),
                missing: vec!["the state the patient is in now".into()],
                who: "Whoever is on the phone".into(),
                how: "Ask where the patient is now.".into(),
            }))),
            Some(_) => Ok(EligibilityAnswer {
                eligible: request.agents,
                reason: "N-21 takes the call".into(),
                physician_callback_by: None,
                table_checked_on: Some("2026-07-02".into()),
                banner: Some("verify with counsel".into()),
                note: "Segue informs.".into(),
            }),
        };
        std::future::ready(answer).boxed()
    }

    fn ingest(&self, batch: EventBatch) -> BoxFuture<'_, Result<IngestAnswer, IngestError>> {
        let answer = if batch.token == FEED_TOKEN {
            let mut answer = IngestAnswer {
                read: 0,
                accepted: 0,
                duplicates: 0,
                quarantined: 0,
                rows: vec![],
            };
            for line in batch.body.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
                answer.read += 1;
                if serde_json::from_slice::<serde_json::Value>(line).is_ok() {
                    answer.accepted += 1;
                } else {
                    answer.quarantined += 1;
                    let reason = "not JSON".into();
                    answer.rows.push(QuarantinedRow {
                        line: answer.read,
                        reason,
                    });
                }
            }
            Ok(answer)
        } else {
            Err(IngestError::UnknownToken)
        };
        std::future::ready(answer).boxed()
    }

    fn metrics(&self) -> String {
        "segue_up 1\n".into()
    }

    fn health(&self) -> Result<(), String> {
        Ok(())
    }
}

pub(crate) fn parity_not_proved() -> RefusalView {
    RefusalView {
        code: "PARITY_NOT_PROVED".into(),
        rule: "A share rises only when the quality at the present share is proved.".into(),
        missing: vec!["service level: 500 of about 1,500 calls".into()],
        who: "Nobody needs to act; calls decide".into(),
        how: "Keep 25 % until about Thu 6 May, then assess again.".into(),
    }
}
