//! What one look at a chunk leads to: pages and commands. Only what is new is said again.

use crate::arming::Arming;
use crate::recent::Recent;
use jiff::Timestamp;
use segue_domain::chunks::Chunk;
use segue_domain::contingency::library::TriggerKind;
use segue_domain::contingency::triggers::SetTrigger;
use segue_domain::contingency::watch::{Hold, Observed, RaiseAlarm, ReportObservation};
use segue_domain::ids::ChunkId;
use segue_domain::routing_changes::LowerShare;
use segue_domain::share::{ShareInput, TrafficShare};
use segue_domain::{Command, Transition};
use segue_parity::guard::assessment::{Floor, MetricVerdict};
use segue_parity::guard::{Action, Assessment};
use segue_parity::rules::FloorRules;
use serde::Serialize;

/// Somebody has to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// What is advised, as a person would say it.
    pub advised: &'static str,
    /// Why, the deciding reason first.
    pub reasons: Vec<String>,
}

/// One look at one chunk.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The chunk.
    pub chunk: ChunkId,
    /// When.
    pub at: Timestamp,
    /// The verdicts, with all they were reached from.
    pub assessment: Assessment,
    /// Whether the action differs from the last look's: then it is kept.
    pub is_new: bool,
    /// Who has to be paged, once per change.
    pub page: Option<Page>,
    /// What the desk is asked, in this order.
    pub commands: Vec<Command>,
}

/// What a person is advised to do; nothing where nobody has to be woken.
const fn advised(action: Action) -> Option<&'static str> {
    match action {
        Action::GoHome | Action::PageGoHome => Some("bring every call home"),
        Action::ReturnToLastAccepted | Action::PageReturn => {
            Some("return to the last accepted share")
        }
        Action::Freeze => Some(
            "move nothing: in-house could not take the calls either; call people in, the button still works",
        ),
        Action::HoldAndPage => {
            Some("find out why the feed is silent; approve no step until it speaks")
        }
        Action::HoldForGroup => Some(
            "look at the group of callers who are worse off than anybody was promised; approve no step until they are not",
        ),
        Action::AskPerson => Some("decide: the deadline is over without a verdict"),
        Action::AskApprovals => Some("approve the next step, both parties"),
        Action::StayHome | Action::Hold | Action::Stay => None,
    }
}

/// Why nothing goes forward while this action stands; the way home is never held. A feed that never spoke is none: whoever has
/// no feed is told so on the page, and people decide.
fn hold(assessment: &Assessment) -> Option<Hold> {
    let fell_silent = |m: &MetricVerdict| m.inputs.stale && m.inputs.knowledge_as_of_us.is_some();
    match assessment.action {
        Action::HoldAndPage => {
            let mut metrics = assessment.metrics.iter();
            metrics.any(fell_silent).then_some(Hold::FeedSilent)
        }
        Action::Freeze => Some(Hold::InHouseUnwell),
        Action::Hold
        | Action::HoldForGroup
        | Action::GoHome
        | Action::PageGoHome
        | Action::ReturnToLastAccepted
        | Action::PageReturn => Some(Hold::Evidence),
        Action::StayHome | Action::Stay | Action::AskPerson | Action::AskApprovals => None,
    }
}

/// The page of an action, where there is one.
pub(crate) fn page(assessment: &Assessment) -> Option<Page> {
    advised(assessment.action).map(|advised| Page {
        advised,
        reasons: assessment.reasons.clone(),
    })
}

/// What is known when commands are made.
pub(crate) struct Scene<'a> {
    pub(crate) t: &'a Transition,
    pub(crate) chunk: &'a Chunk,
    pub(crate) outsourced: &'a Recent,
    pub(crate) planned_s: u32,
    pub(crate) rules: &'a FloorRules,
    pub(crate) now: Timestamp,
    /// Whether the harm is proved anew since the last return on statistics.
    pub(crate) proved_anew: bool,
    /// Whether it was shown on the client's own weeks that statistics may act alone.
    pub(crate) arming: Arming,
}

impl Scene<'_> {
    /// What the desk is asked. Where in-house is unhealthy too, nothing is reported that could bring calls home by itself.
    pub(crate) fn commands(&self, assessment: &Assessment, is_new: bool) -> Vec<Command> {
        let mut commands = self.moves(assessment, is_new);
        let holds = hold(assessment);
        // Said when it changes; the desk keeps nothing that is so already.
        if holds != self.held() {
            commands.push(self.observation(Observed::Guard { holds }));
        }
        commands
    }

    fn moves(&self, assessment: &Assessment, is_new: bool) -> Vec<Command> {
        if assessment.action == Action::Freeze {
            let both = "in-house is below its floor too; nothing was moved";
            let alarm = || self.alarm(assessment, both).map(Command::from);
            return is_new.then(alarm).flatten().into_iter().collect();
        }
        let now_us = self.now.as_microsecond();
        // Calls that could bring calls home are not reported where in-house could not take them.
        let home_can = !assessment.inputs.situation.in_house_unhealthy;
        let mut commands: Vec<Command> = [
            self.outsourced
                .calls(now_us, self.rules)
                .filter(|_| home_can),
            self.outsourced.handle_time(self.planned_s),
        ]
        .into_iter()
        .flatten()
        .map(|observed| self.observation(observed))
        .collect();
        let returns = matches!(
            assessment.action,
            Action::ReturnToLastAccepted | Action::PageReturn
        );
        match self.last_accepted() {
            _ if returns && !self.proved_anew => {}
            // Not armed: people are told, and nothing that could move calls by itself is reported.
            _ if returns && self.arming != Arming::Armed => {
                let alarm = || {
                    self.alarm(assessment, self.arming.words())
                        .map(Command::from)
                };
                commands.extend(is_new.then(alarm).flatten());
            }
            // Whether both have signed it is asked now, not when the guard began to look.
            Some(share) if returns && self.may_act() => commands.push(self.lower(share)),
            _ if returns => {
                commands.push(self.observation(Observed::Guardrail { failed: true }));
            }
            _ if self.is_open(TriggerKind::GuardrailFail) => {
                commands.push(self.observation(Observed::Guardrail { failed: false }));
            }
            _ => {}
        }
        commands
    }

    fn observation(&self, observed: Observed) -> Command {
        ReportObservation {
            scope: self.chunk.planned.id.to_string(),
            observed,
            forecast_per_100_h: None,
        }
        .into()
    }

    fn lower(&self, share: TrafficShare) -> Command {
        LowerShare {
            chunk: self.chunk.planned.id.clone(),
            share_percent: ShareInput::percent(share.percent()),
        }
        .into()
    }

    /// The largest share below the one in force that was carried out under this agreement: it stood until the next was
    /// approved.
    fn last_accepted(&self) -> Option<TrafficShare> {
        let id = &self.chunk.planned.id;
        self.t
            .steps
            .values()
            .filter(|step| step.done && step.proposed.chunk == *id)
            .filter(|step| step.proposed.epoch == self.chunk.epoch)
            .map(|step| step.proposed.share)
            .filter(|share| *share < self.chunk.share)
            .max()
            .filter(|share| share.is_out())
    }

    fn may_act(&self) -> bool {
        let set = self.t.contingency.triggers.get(&TriggerKind::GuardrailFail);
        set.is_some_and(SetTrigger::acts)
    }

    fn is_open(&self, kind: TriggerKind) -> bool {
        self.watched()
            .is_some_and(|watch| watch.open.contains_key(&kind))
    }

    /// What the journal knows the guard to hold.
    fn held(&self) -> Option<Hold> {
        self.watched()?.held.map(|(hold, _)| hold)
    }

    fn watched(&self) -> Option<&segue_domain::contingency::watch::Watch> {
        let scope = self.chunk.planned.id.to_string();
        self.t.contingency.watches.get(&scope)
    }

    /// An alarm by hand, which moves nothing: the trigger that would have fired.
    fn alarm(&self, assessment: &Assessment, seen: &str) -> Option<RaiseAlarm> {
        let kind = match assessment.inputs.floors.first() {
            Some(Floor::NoneAnswered) => TriggerKind::NobodyAnswers,
            Some(Floor::Abandonment) => TriggerKind::Abandonment,
            Some(Floor::ServiceLevel | Floor::LongestWait) => TriggerKind::ServiceLevelCollapse,
            None => TriggerKind::GuardrailFail,
        };
        let set = self.t.contingency.triggers.contains_key(&kind);
        set.then(|| RaiseAlarm {
            kind,
            scope: self.chunk.planned.id.to_string(),
            seen: seen.into(),
        })
    }
}
