//! The small example (one centre, one line, one chunk) walked through the desk until it is about to go out.

use jiff::{SignedDuration, Timestamp};
use segue_domain::routing_changes::{ApproveStep, ProposeStep};
use segue_domain::share::ShareInput;
use segue_domain::waivers::Waivable;
use segue_domain::{Actor, Command, Role, Side, Transition};
use segue_example::{Example, Goal, MOVES_MAX, Move, sign};
use segue_journal::{Answer, CommandId, Desk, DeskError, Request, SqlJournal, StreamId};
use std::sync::Arc;

pub(crate) const CHUNK: &str = "RVS-Main/MSG";

pub(crate) fn stream(name: &str) -> StreamId {
    StreamId::new(name).unwrap()
}

pub(crate) fn command_id(id: &str) -> CommandId {
    CommandId::new(id).unwrap()
}

pub(crate) fn director(side: Side) -> Actor {
    segue_example::of(side, Role::Signatory)
}

pub(crate) fn manager(side: Side) -> Actor {
    segue_example::of(side, Role::Implementation)
}

pub(crate) struct Story<'a> {
    desk: &'a Desk<SqlJournal>,
    pub(crate) now: Timestamp,
    stream: String,
    commands: u32,
}

impl<'a> Story<'a> {
    pub(crate) fn new(desk: &'a Desk<SqlJournal>) -> Self {
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

    async fn walk(&mut self, goal: &Goal) {
        let example = Example::small().waiving(&[
            Waivable::Rush,
            Waivable::MassCutover,
            Waivable::ChangeFreeze,
        ]);
        for _ in 0..MOVES_MAX {
            match example.next(&*self.state().await, goal, self.now) {
                None => return,
                Some(Move::Wait(at)) => self.now = at,
                Some(Move::Say(said)) => {
                    self.does(&said.0, said.1).await;
                }
            }
        }
        panic!("no way to {goal:?}");
    }

    pub(crate) async fn create(&mut self) {
        self.walk(&Goal::Created).await;
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
        self.walk(&Goal::Ready(CHUNK.into())).await;
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

    pub(crate) async fn approval_request(&self, side: Side) -> Request {
        let t = self.state().await;
        let step = t.steps.values().next_back().unwrap();
        let by = director(side);
        let approve = ApproveStep {
            step: step.proposed.step.clone(),
            signature: sign(&by, &step.proposed.hash),
        };
        self.request(
            &format!("{}-approve-{side}", self.stream),
            &by,
            approve.into(),
        )
    }

    pub(crate) async fn approve(&mut self, side: Side) -> Result<Answer, DeskError> {
        let request = self.approval_request(side).await;
        self.desk.execute(&request).await
    }
}
