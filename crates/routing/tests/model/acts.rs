//! What may happen next.

use segue_domain::Side;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    /// Somebody of the client proposes the next agreed step.
    Propose,
    /// A director approves the newest open step.
    Approve(Side),
    /// A duty manager lowers the share by half.
    Lower(Side),
    /// A duty manager presses home on the node.
    Press(Side),
    /// A press that the journal does not know yet is offered to it again.
    Journal,
    /// The node reads the journal.
    Tail,
    /// The node dies and comes back with what is on its disk.
    Restart,
    /// The journal stops answering.
    DatabaseFails,
    /// The journal answers again.
    DatabaseReturns,
    /// The node has not read the journal for longer than its lease.
    LeaseLapses,
    /// A feed of call records goes silent, and the guard tells the journal.
    FeedFalls,
    /// It speaks again, and the guard tells the journal.
    FeedSpeaks,
    /// Sixteen minutes: approvals grow old.
    Minutes,
    /// The way out again: verified, note, open work, gate, as far as the time allows.
    GetReady,
    /// Twenty-five hours: the cool-down is over.
    Day,
}

impl Act {
    /// Everything that may happen, in the order it is tried.
    pub(crate) const ALL: &'static [Self] = &[
        Self::Propose,
        Self::Approve(Side::Client),
        Self::Approve(Side::Outsourcer),
        Self::Press(Side::Client),
        Self::Press(Side::Outsourcer),
        Self::Tail,
        Self::Journal,
        Self::Lower(Side::Client),
        Self::DatabaseFails,
        Self::DatabaseReturns,
        Self::Restart,
        Self::LeaseLapses,
        Self::FeedFalls,
        Self::FeedSpeaks,
        Self::Minutes,
        Self::GetReady,
        Self::Day,
    ];
}
