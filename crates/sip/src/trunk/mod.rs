//! The trunks: is the far end well, may one more call go there, what became of those that did.
//!
//! Three judges, each enough to keep a call home: OPTIONS with hysteresis (`health`), the outcomes of
//! real calls (`breaker`), and the agreed caps (`caps`). A trunk that is only observed (in-house, last
//! resort) is measured alike and never skipped: there is nothing better behind it.
//! Source: handbook of the call path, 7 and 8.

mod breaker;
mod caps;
mod health;

use crate::hop::Hop;
use crate::policy::{Attempt, Skip};
use breaker::Breaker;
use caps::{Dialogs, Rate};
use std::num::NonZeroU32;
use std::sync::Arc;

pub use breaker::{BreakerSettings, BreakerState};
pub use health::{Health, OptionsSettings};
pub(crate) use health::{Probe, ProbeStep};

/// Most trunks watched.
pub const TRUNKS_MAX: usize = 64;

/// One trunk, as the policy wants it watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkSettings {
    /// Where it is.
    pub hop: Hop,
    /// Its name in measurements.
    pub name: Arc<str>,
    /// The Request-URI of OPTIONS.
    pub uri: Arc<str>,
    /// Whether calls pass it by while it is unwell; otherwise it is only observed.
    pub guarded: bool,
    /// OPTIONS; `None` for a peer that does not answer them. A guarded trunk gets no call before its
    /// first answer.
    pub options: Option<OptionsSettings>,
    /// When outcomes of calls close it; `None`: never.
    pub breaker: Option<BreakerSettings>,
    /// Most new calls a second.
    pub calls_per_s_max: Option<NonZeroU32>,
    /// Most calls at a time, set up or answered. Makes the router stay in the path of this trunk's
    /// dialogs (`Record-Route`), as it has to see their BYE.
    pub calls_max: Option<NonZeroU32>,
}

impl TrunkSettings {
    /// An observed trunk without OPTIONS, breaker or cap.
    pub fn new(hop: impl Into<Hop>, name: &str, uri: &str) -> Self {
        Self {
            hop: hop.into(),
            name: name.into(),
            uri: uri.into(),
            guarded: false,
            options: None,
            breaker: None,
            calls_per_s_max: None,
            calls_max: None,
        }
    }

    /// Guarded by OPTIONS and breaker with their defaults.
    #[must_use]
    pub fn guarded(self) -> Self {
        Self {
            guarded: true,
            options: Some(OptionsSettings::default()),
            breaker: Some(BreakerSettings::default()),
            ..self
        }
    }
}

/// What became of the calls tried on a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrunkCounts {
    /// INVITEs started.
    pub tried: u64,
    /// Answered 2xx.
    pub answered: u64,
    /// Refused 3xx, 4xx or 6xx other than 408.
    pub refused: u64,
    /// Refused 408 or 5xx.
    pub failed: u64,
    /// Said nothing, or 100 and nothing more.
    pub silent: u64,
    /// Rang out.
    pub rang_out: u64,
    /// Refused by the network.
    pub unreachable: u64,
    /// Given up by the caller, or answered elsewhere.
    pub cancelled: u64,
    /// Passed by because it was unwell.
    pub skipped_unwell: u64,
    /// Passed by because a cap was reached.
    pub skipped_cap: u64,
    /// OPTIONS answered.
    pub options_answered: u64,
    /// OPTIONS lost or refused.
    pub options_failed: u64,
}

/// A trunk as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkReport {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is.
    pub hop: Hop,
    /// Whether calls pass it by while it is unwell.
    pub guarded: bool,
    /// What OPTIONS say; [`Health::Up`] without OPTIONS.
    pub health: Health,
    /// What calls say.
    pub breaker: BreakerState,
    /// Calls in setup.
    pub in_setup: u32,
    /// Answered calls whose BYE was not seen; 0 without a cap on them.
    pub in_progress: u32,
    /// Counts since start.
    pub counts: TrunkCounts,
}

/// One trunk with its memory.
pub(crate) struct Trunk {
    pub(crate) settings: TrunkSettings,
    pub(crate) probe: Probe,
    breaker: Breaker,
    rate: Option<Rate>,
    dialogs: Dialogs,
    in_setup: u32,
    counts: TrunkCounts,
}

impl Trunk {
    fn new(settings: TrunkSettings, now_us: u64) -> Self {
        Self {
            probe: Probe::new(settings.options, now_us),
            breaker: Breaker::new(settings.breaker),
            rate: settings.calls_per_s_max.map(Rate::new),
            dialogs: Dialogs::default(),
            in_setup: 0,
            counts: TrunkCounts::default(),
            settings,
        }
    }

    /// New settings; what is known stays, unless the question itself changed.
    fn change(&mut self, settings: TrunkSettings, now_us: u64) {
        if settings.options != self.settings.options {
            self.probe = Probe::new(settings.options, now_us);
        }
        if settings.breaker != self.settings.breaker {
            self.breaker = Breaker::new(settings.breaker);
        }
        if settings.calls_per_s_max != self.settings.calls_per_s_max {
            self.rate = settings.calls_per_s_max.map(Rate::new);
        }
        self.settings = settings;
    }

    fn admit(&mut self, now_us: u64) -> Result<(), Skip> {
        if !self.settings.guarded {
            return Ok(());
        }
        match self.probe.health() {
            Health::Up => {}
            Health::Unknown => return Err(Skip::Unknown),
            Health::Down => return Err(Skip::Down),
        }
        if let Some(most) = self.settings.calls_max
            && self.dialogs.live(now_us) + self.in_setup >= most.get()
        {
            return Err(Skip::CallsMax);
        }
        if !self.breaker.allows(now_us) {
            return Err(Skip::Breaker);
        }
        // Last, as it spends.
        if self.rate.as_mut().is_some_and(|rate| !rate.take(now_us)) {
            return Err(Skip::CallsPerSecond);
        }
        self.breaker.begin(now_us);
        Ok(())
    }

    fn skipped(&mut self, skip: Skip) {
        match skip {
            Skip::Unknown | Skip::Down | Skip::Breaker => self.counts.skipped_unwell += 1,
            Skip::CallsPerSecond | Skip::CallsMax => self.counts.skipped_cap += 1,
        }
    }

    fn ended(&mut self, now_us: u64, attempt: Attempt) {
        let counts = &mut self.counts;
        let place = match attempt {
            Attempt::Answered => &mut counts.answered,
            Attempt::Refused(408 | 500..600) => &mut counts.failed,
            Attempt::Refused(_) => &mut counts.refused,
            Attempt::Silent | Attempt::TryingOnly => &mut counts.silent,
            Attempt::NoAnswer => &mut counts.rang_out,
            Attempt::Unreachable => &mut counts.unreachable,
            Attempt::Cancelled => &mut counts.cancelled,
            Attempt::Skipped(_) => return,
        };
        *place += 1;
        self.breaker.note(now_us, attempt);
    }

    fn report(&self, now_us: u64) -> TrunkReport {
        TrunkReport {
            name: Arc::clone(&self.settings.name),
            hop: self.settings.hop,
            guarded: self.settings.guarded,
            health: self.probe.health(),
            breaker: self.breaker.state(now_us),
            in_setup: self.in_setup,
            in_progress: self.dialogs.count(),
            counts: self.counts,
        }
    }

    /// An OPTIONS was answered, or was not.
    pub(crate) fn options(&mut self, well: bool, now_us: u64) {
        self.probe.heard(well, now_us);
        if well {
            self.counts.options_answered += 1;
        } else {
            self.counts.options_failed += 1;
        }
    }
}

/// All trunks of a core. Few, so they are searched one by one.
#[derive(Default)]
pub(crate) struct Trunks {
    list: Vec<Trunk>,
}

impl Trunks {
    /// The trunks are these from now on; what is known of those that stay is kept.
    pub(crate) fn set(&mut self, wanted: Vec<TrunkSettings>, now_us: u64) {
        let mut before = std::mem::take(&mut self.list);
        for settings in wanted.into_iter().take(TRUNKS_MAX) {
            if self.known(settings.hop).is_some() {
                continue;
            }
            let known = before
                .iter()
                .position(|trunk| trunk.settings.hop == settings.hop);
            self.list.push(match known {
                Some(at) => {
                    let mut trunk = before.swap_remove(at);
                    trunk.change(settings, now_us);
                    trunk
                }
                None => Trunk::new(settings, now_us),
            });
        }
    }

    fn at(&mut self, hop: Hop) -> Option<&mut Trunk> {
        self.list.iter_mut().find(|trunk| trunk.settings.hop == hop)
    }

    fn known(&self, hop: Hop) -> Option<&Trunk> {
        self.list.iter().find(|trunk| trunk.settings.hop == hop)
    }

    /// Every trunk, to probe.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Trunk> {
        self.list.iter_mut()
    }

    /// Whether one more call may be tried there; asked once before each try.
    pub(crate) fn admit(&mut self, now_us: u64, hop: Hop) -> Result<(), Skip> {
        self.at(hop).map_or(Ok(()), |trunk| trunk.admit(now_us))
    }

    /// Whether OPTIONS know that nobody is there.
    pub(crate) fn is_down(&self, hop: Hop) -> bool {
        self.known(hop)
            .is_some_and(|trunk| trunk.probe.health() == Health::Down)
    }

    /// Whether the router must see the ends of this trunk's calls.
    pub(crate) fn stays_in_path(&self, hop: Hop) -> bool {
        self.known(hop)
            .is_some_and(|trunk| trunk.settings.calls_max.is_some())
    }

    pub(crate) fn skipped(&mut self, hop: Hop, skip: Skip) {
        if let Some(trunk) = self.at(hop) {
            trunk.skipped(skip);
        }
    }

    /// A call is tried there.
    pub(crate) fn began(&mut self, hop: Hop) {
        if let Some(trunk) = self.at(hop) {
            trunk.counts.tried += 1;
            trunk.in_setup += 1;
        }
    }

    /// The try ended; told once for each that began.
    pub(crate) fn ended(&mut self, now_us: u64, hop: Hop, attempt: Attempt) {
        if let Some(trunk) = self.at(hop) {
            trunk.in_setup = trunk.in_setup.saturating_sub(1);
            trunk.ended(now_us, attempt);
        }
    }

    /// A late answer to a try that had been given up: the far end is alive after all.
    pub(crate) fn late_answer(&mut self, now_us: u64, hop: Hop) {
        if let Some(trunk) = self.at(hop) {
            trunk.ended(now_us, Attempt::Answered);
        }
    }

    /// The caller is connected; its BYE will be seen if the trunk has a cap.
    pub(crate) fn connected(&mut self, now_us: u64, hop: Hop, dialog: u128) {
        if let Some(trunk) = self.at(hop)
            && trunk.settings.calls_max.is_some()
        {
            trunk.dialogs.begin(now_us, dialog);
        }
    }

    /// A BYE passed; repetitions are harmless.
    pub(crate) fn hung_up(&mut self, dialog: u128) {
        for trunk in &mut self.list {
            trunk.dialogs.end(dialog);
        }
    }

    /// Every trunk as it stands.
    pub(crate) fn reports(&self, now_us: u64) -> Vec<TrunkReport> {
        self.list.iter().map(|trunk| trunk.report(now_us)).collect()
    }
}
