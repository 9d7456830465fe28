//! What the issue desk shows: every issue with its owner and its clock; the worst first.

use super::{EscalatedTo, Issue, due_at};
use crate::boards::{Board, Kind};
use crate::transition::Transition;
use jiff::Timestamp;

pub(crate) const BOARD: Kind = Kind {
    name: "issues",
    says: "Everything reported: severity, owner, clock, and to whom it went",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

/// Open issues, the worst first, then the oldest.
pub(crate) fn open(t: &Transition) -> Vec<&Issue> {
    let mut open: Vec<_> = t.issues.all().filter(|i| i.resolved.is_none()).collect();
    open.sort_by_key(|i| (i.reported.severity, i.open_since));
    open
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let mut board = Board::new(
        "Issue desk",
        &[
            "issue", "severity", "title", "chunk", "owner", "open for", "state",
        ],
    );
    let open = open(t);
    for issue in &open {
        board.row(row(t, issue, now));
    }
    let unowned = if t.account_manager.is_some() {
        0
    } else {
        open.len()
    };
    let resolved = t.issues.all().count() - open.len();
    board.note(format!(
        "{} open, {unowned} unowned, {resolved} resolved.",
        open.len()
    ));
    board
}

fn row(t: &Transition, issue: &Issue, now: Timestamp) -> [String; 7] {
    let reported = &issue.reported;
    let minutes = now.duration_since(issue.open_since).as_mins();
    let state = match (&issue.acknowledged, issue.escalated.last()) {
        (Some(_), _) => "acknowledged".to_owned(),
        (None, Some(EscalatedTo::Sponsors)) => "went to both sponsors".into(),
        (None, Some(EscalatedTo::Deputy)) => "went to the deputy".into(),
        (None, None) => format!(
            "to be acknowledged by {}",
            due_at(t, issue, EscalatedTo::Deputy)
        ),
    };
    [
        reported.issue.to_string(),
        format!("{:?}", reported.severity),
        reported.title.clone(),
        reported
            .chunk
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        crate::account_manager::on_duty(t).map_or_else(|| "nobody".into(), ToString::to_string),
        format!("{minutes} min"),
        state,
    ]
}
