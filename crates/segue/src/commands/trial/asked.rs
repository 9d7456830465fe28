//! What every trial of a path to the outsourcer's agent is asked with, and who records it.

use super::path::route_of;
use super::require_no_emergency;
use crate::context::Context;
use crate::login;
use crate::office::Office;
use crate::output::Failure;
use crate::trials::again::{self, Before};
use crate::trials::through::fictional_numbers;
use clap::Args;
use segue_domain::ids::LineId;
use segue_domain::telephony_checks::{CheckKind, CheckResult, RecordTelephonyChecks};
use segue_domain::{Actor, Event, Transition};
use segue_trials::agent::Place;
use std::io::Write as _;
use std::net::SocketAddr;

/// The command that records checks of a path.
pub(super) const CHECKED: &str = "record_telephony_checks";

/// A path to the outsourcer's agent, how it is called, and whether that is recorded.
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// The line
    pub(super) line: LineId,
    /// The number of its route, as Segue sees it: 7001
    pub(super) dialled: String,
    /// Whom to call instead of the route's outsourced target
    #[arg(long, value_name = "URI")]
    to: Option<String>,
    /// The number to call from, E.164; without it one that belongs to nobody
    #[arg(long, value_name = "NUMBER", value_parser = super::call::caller_number)]
    caller: Option<String>,
    /// The local address to call from
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    pub(super) from: SocketAddr,
    /// Record in the transition what was checked of the path
    #[arg(long)]
    pub(super) record: bool,
}

impl Asked {
    /// Whom to call.
    pub(super) fn target<'t>(&'t self, t: &'t Transition) -> Result<&'t str, Failure> {
        let (_, route) = route_of(t, &self.line, &self.dialled)?;
        let target = self.to.as_ref().unwrap_or(&route.outsourced);
        require_no_emergency(target)?;
        Ok(target)
    }

    /// The call to them.
    pub(super) fn place(&self, target: &str) -> Place {
        let caller = self.caller.clone().or_else(|| fictional_numbers().next());
        Place {
            caller,
            ..Place::new(target)
        }
    }

    /// Whether a fact is a check of this kind on this path.
    pub(super) fn is_of(&self, kind: CheckKind) -> impl Fn(&Event) -> bool {
        move |event| is_check(event, &self.line, &self.dialled, |of| of == kind)
    }

    /// Checks as they are recorded.
    pub(super) fn checks(
        &self,
        checks: Vec<CheckResult>,
        reference: &str,
    ) -> RecordTelephonyChecks {
        RecordTelephonyChecks {
            line: self.line.clone(),
            dialled: self.dialled.clone(),
            checks,
            reference: reference.to_owned(),
        }
    }
}

/// Whether a fact holds a check of such a kind on a path.
pub(super) fn is_check(
    event: &Event,
    line: &LineId,
    dialled: &str,
    is_kind: impl Fn(CheckKind) -> bool,
) -> bool {
    let Event::TelephonyChecked(checked) = event else {
        return false;
    };
    let mut checks = checked.checks.iter();
    checked.line == *line && checked.dialled == dialled && checks.any(|c| is_kind(c.kind))
}

/// Who records a trial, known before anybody is called.
pub(super) struct Recorder {
    /// Nobody, where it is only tried.
    pub(super) actor: Option<Actor>,
    /// What was recorded under the invocation's own id before: then nobody is called again.
    pub(super) before: Option<Before>,
}

impl Recorder {
    /// The person who is asked for where `record` says so, and what `command` recorded before.
    pub(super) async fn of(
        ctx: &Context,
        office: &Office,
        record: bool,
        command: &str,
        is_of: impl Fn(&Event) -> bool,
    ) -> Result<Self, Failure> {
        let (mut actor, mut before) = (None, None);
        if record {
            let person = login::actor(ctx).await?;
            before = again::recorded(ctx, office, &person, command, is_of).await?;
            actor = Some(person);
        }
        Ok(Self { actor, before })
    }
}

/// Tells where a telephone that this side plays rings; the answer itself goes to standard output.
pub(super) fn rings(whose: &str, at: SocketAddr) {
    let said = format!("segue: {whose} on udp {at}\n");
    let _ = std::io::stderr().write_all(said.as_bytes());
}
