//! What people do on pages: bringing calls home, and every other command of the trade.

use super::dial_in::DialInCode;
use super::people::Lookup;
use super::{Shared, Unjournalled};
use crate::clock;
use crate::home::{Press, Pressed};
use crate::office::{chain, desk_failure};
use crate::output::Failure;
use jiff::Timestamp;
use segue_domain::ids::{AgentId, CallTypeId};
use segue_domain::licences::route::Question;
use segue_domain::licences::route_eligible;
use segue_domain::refusal::Code;
use segue_domain::{Actor, Command, Refusal, boards, rights};
use segue_journal::accounts::{Act, Door as Entered};
use segue_journal::{CommandId, Request};
use segue_web::view::RefusalView;
use segue_web::{
    ActError, BoardRequest, BoardView, Door, EligibilityAnswer, EligibilityRequest, FallbackAnswer,
    FallbackRequest, Person, SCOPE_ALL, Submission,
};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Unjournalled presses remembered for the page; the home door keeps them all.
const UNJOURNALLED_MAX: usize = 100;

/// The board of a person's own trial calls.
const MY_CALLS: &str = "my-test-calls";
/// What every answer about eligibility says: Segue is no call distributor.
const INFORMS: &str = "Segue names who may take the call; whoever asks routes it. Where no call distributor asks, people read this.";

impl Shared {
    /// Brings calls home through the one home door.
    pub(super) async fn press(&self, request: FallbackRequest) -> Result<FallbackAnswer, ActError> {
        let door = match request.door {
            Door::Account => Entered::Password,
            Door::Pin => Entered::Pin,
        };
        let actor = self
            .people
            .homeward_actor(&request.person, door)
            .await
            .map_err(not_let_in)?;
        let press = Press {
            scope: request.scope,
            reason: request.reason.unwrap_or_default(),
            person: actor.person.to_string(),
            side: actor.side,
            roles: actor.roles.into_iter().collect(),
            command_id: request.command_id,
            at: clock::now(),
        };
        let at = press.at;
        let pressed = self.door.press(press).await.map_err(failed)?;
        if !pressed.journalled {
            self.note_unjournalled(&pressed, &request.person, at);
        }
        self.rebuild.notify_one();
        Ok(FallbackAnswer {
            incident: pressed.incident,
            scope: pressed.scope,
            nodes_home: pressed.nodes_home,
            nodes_total: pressed.nodes_total,
            // What the person must know besides stands where they look for trouble.
            unreachable: pressed.warnings,
            journalled: pressed.journalled,
            latency_ms: pressed.latency_ms,
            verified: pressed.verified,
            pressed_at: at,
            already_home: pressed.already_home,
        })
    }

    fn note_unjournalled(&self, pressed: &Pressed, person: &Person, at: Timestamp) {
        let unjournalled = &mut self.memory().unjournalled;
        if unjournalled.len() >= UNJOURNALLED_MAX {
            unjournalled.remove(0);
        }
        let by = format!("{}, {}", person.role, person.party);
        unjournalled.push(Unjournalled {
            scope: pressed.scope.clone(),
            at,
            by,
        });
    }

    /// Runs a command through the desk; one that brings calls home goes through the home door, as everywhere.
    pub(super) async fn submit(&self, submission: Submission) -> Result<Value, ActError> {
        let command = read(submission.command)?;
        if let Command::Fallback(fallback) = command {
            return self
                .submit_fallback(fallback, submission.person, submission.command_id)
                .await;
        }
        let actor = self
            .people
            .actor(&submission.person, Entered::Password)
            .await
            .map_err(not_let_in)?;
        let now = clock::now();
        rights::require_step_up(&command, submission.proved_at, now)
            .map_err(|refusal| failed(refusal.into()))?;
        let command_id = CommandId::new(submission.command_id).map_err(|e| {
            invalid(
                "BAD_COMMAND_ID",
                e.to_string(),
                "choose another command id, or leave it out",
            )
        })?;
        // The desk refuses in the same words.
        let _ = self.latch_first(&command, &actor, now);
        let request = Request {
            stream: self.stream.clone(),
            command_id,
            actor,
            command,
            now,
        };
        let answer = self
            .desk
            .execute(&request)
            .await
            .map_err(|error| failed(desk_failure(error)))?;
        self.wake.notify_one();
        Ok(
            json!({ "position": answer.position, "events": answer.events, "repeated": answer.repeated }),
        )
    }

    /// A board, as the reader may see it now.
    pub(super) async fn board(&self, request: BoardRequest) -> Result<BoardView, ActError> {
        let reader = self
            .people
            .actor(&request.person, Entered::Password)
            .await
            .map_err(not_let_in)?;
        let drawn = boards::draw(&self.transition(), &request.name, &reader, clock::now());
        let board = drawn.map_err(|refusal| failed(refusal.into()))?;
        if boards::is_restricted(&request.name) {
            self.note_board(&request.name, &reader).await?;
        }
        let mut view = BoardView {
            title: board.title,
            columns: board.columns.into_iter().map(str::to_owned).collect(),
            rows: board.rows,
            notes: board.notes,
        };
        if request.name == MY_CALLS {
            self.with_codes(&request.person, &mut view);
        }
        Ok(view)
    }

    /// Beside each of the reader's open calls the code that makes their telephone one of the campaign's.
    fn with_codes(&self, person: &Person, view: &mut BoardView) {
        let Some((number, codes)) = self.dial_in_codes(person) else {
            return;
        };
        view.columns.push("dial-in code".to_owned());
        let mut codes: VecDeque<_> = codes.into();
        for row in &mut view.rows {
            // Both run over the person's calls, the board in order of their dates.
            let own = |code: &DialInCode| row[1] == code.chunk && row[2] == code.cell;
            let place = codes.iter().position(own).filter(|_| row[6] != "yes");
            let code = place.and_then(|place| codes.remove(place));
            row.push(code.map(|code| code.code).unwrap_or_default());
        }
        view.notes.push(format!(
            "From a telephone that is not registered: call {number} first, enter the code after the tone, and dial within a quarter of an hour."
        ));
    }

    /// A board that few may see is about people or the client's money: who looks at it is written down first.
    async fn note_board(&self, name: &str, reader: &Actor) -> Result<(), ActError> {
        let who = (reader.person.as_str(), reader.side);
        let noted = self
            .people
            .accounts
            .note(who, Act::ReadPeople, name, clock::now());
        noted.await.map_err(|error| ActError::Unavailable {
            message: chain(&error),
        })
    }

    /// Who may take a call, by the licences on record.
    pub(super) async fn eligibility(
        &self,
        request: EligibilityRequest,
    ) -> Result<EligibilityAnswer, ActError> {
        self.people
            .actor(&request.person, Entered::Password)
            .await
            .map_err(not_let_in)?;
        let call_type = request.call_type.as_deref().map(CallTypeId::from);
        let among: Vec<_> = request
            .agents
            .iter()
            .map(|a| AgentId::from(a.as_str()))
            .collect();
        let question = Question {
            call_type: call_type.as_ref(),
            patient_state: request.patient_state.as_deref(),
            among: &among,
        };
        let answer = route_eligible(&self.transition(), &question, clock::now());
        let routing = answer.map_err(|refusal| failed(refusal.into()))?;
        let eligible = routing.eligible.iter().map(|c| c.agent.to_string());
        Ok(EligibilityAnswer {
            eligible: eligible.collect(),
            reason: routing.reason,
            physician_callback_by: routing.physician_callback_by.map(|at| at.to_string()),
            table_checked_on: routing.table_checked_on.map(|day| day.to_string()),
            banner: routing.banner,
            note: INFORMS.into(),
        })
    }

    async fn submit_fallback(
        &self,
        fallback: segue_domain::fallback::Fallback,
        person: Person,
        command_id: String,
    ) -> Result<Value, ActError> {
        let reason = Some(fallback.reason).filter(|reason| !reason.is_empty());
        let request = FallbackRequest {
            scope: fallback.scope,
            reason,
            person,
            door: Door::Account,
            command_id,
        };
        let answer = self.press(request).await?;
        Ok(json!({ "position": self.transition().version, "events": [], "fallback": answer }))
    }
}

/// A command by its name and fields, as `segue schema` prints them.
fn read(command: Value) -> Result<Command, ActError> {
    let named = command
        .get("command")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let known = named
        .as_deref()
        .is_some_and(|name| Command::NAMES.contains(&name));
    serde_json::from_value(command).map_err(|error| {
        let how = if known {
            "compare the fields with `segue schema`".to_owned()
        } else {
            format!(
                "name it in `command`; known commands: {}",
                Command::NAMES.join(", ")
            )
        };
        let name = named.unwrap_or_else(|| "a command without a name".to_owned());
        invalid("BAD_COMMAND", format!("a readable `{name}`: {error}"), &how)
    })
}

pub(super) fn invalid(code: &str, missing: String, how: &str) -> ActError {
    ActError::Invalid(Box::new(RefusalView {
        code: code.to_owned(),
        rule: "a command has a known name and the fields of its schema".to_owned(),
        missing: vec![missing],
        who: "the person who asked".to_owned(),
        how: how.to_owned(),
    }))
}

/// Somebody who signed in once and may not act now.
pub(super) fn not_let_in(lookup: Lookup) -> ActError {
    match lookup {
        Lookup::Gone => ActError::Refused(Box::new(refusal_view(
            Refusal::new(Code::NotAuthorised)
                .missing("a sign-in that still counts: the account is gone, or its password changed since")
                .who("you, or an administrator of your party")
                .how("sign in again; press home by duty PIN, by the CLI or let a colleague press"),
        ))),
        Lookup::Unavailable(message) => ActError::Unavailable { message },
    }
}

/// A refusal as the pages show it.
pub(super) fn refusal_view(refusal: Refusal) -> RefusalView {
    RefusalView {
        code: refusal.code.to_string(),
        rule: refusal.rule,
        missing: refusal.missing,
        who: refusal.who,
        how: refusal.how,
    }
}

pub(super) fn failed(failure: Failure) -> ActError {
    match failure {
        Failure::Refused(refusal) => ActError::Refused(Box::new(refusal_view(*refusal))),
        Failure::BadInput(what) => invalid(
            "BAD_INPUT",
            what,
            &format!("correct it and send it again; a scope is `{SCOPE_ALL}`, a site or a chunk"),
        ),
        Failure::Unavailable(message) => ActError::Unavailable { message },
        Failure::Internal(error) => ActError::Unavailable {
            message: format!("{error:#}"),
        },
    }
}
