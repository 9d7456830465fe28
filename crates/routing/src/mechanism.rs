//! What each mechanism that moves calls can do, and what a planned share or start becomes on it (handbook §3.2).
//!
//! A share is planned exactly. A mechanism that can do it gets instructions a person can follow; one that cannot is
//! answered with the nearest values it can do. Nothing is rounded silently.

use jiff::civil::{DateTime, DateTimeRound};
use jiff::{RoundMode, Unit};
use segue_domain::share::TrafficShare;
use std::fmt;

pub use segue_domain::route_orders::{RouteCheckKind, RouteMechanism as Mechanism};

/// Which side a caller reaches who calls again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stickiness {
    /// The same side.
    PerCaller,
    /// Either: every call is drawn anew.
    PerCall,
    /// There is only one side at a time.
    OneSide,
}

/// What a mechanism can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteCapability {
    /// Shares are whole multiples of this percent; 100 is all or nothing.
    pub percent_step: u8,
    /// Starts lie on whole multiples of these minutes from midnight.
    pub time_step_min: u8,
    /// Where a caller goes who calls again.
    pub stickiness: Stickiness,
    /// Seconds until a change holds everywhere, at the upper end.
    pub apply_latency_s: u32,
    /// Seconds until every new call is home again, at the upper end.
    pub rollback_latency_s: u32,
    /// How a change is proved; test calls are always part of it.
    pub verify: &'static [RouteCheckKind],
}

/// What a mechanism can do.
pub trait Capable {
    /// What it can do.
    ///
    /// Steps: CPR whole percents and quarter hours (S24, S25, S28), Connect 10 % (S31), *72 all or nothing (S70),
    /// the others single percents and minutes (§3.2). Latencies: §3.2 says seconds or minutes; the numbers are the
    /// targets of A31 for that kind of route (API 60 s, PBX or forwarding 5 min, `RespOrg` 15 min).
    fn capability(self) -> RouteCapability;
}

impl Capable for Mechanism {
    fn capability(self) -> RouteCapability {
        let (percent_step, time_step_min, stickiness, latency_s) = match self {
            Self::TollFreeCpr => (1, 15, Stickiness::PerCall, 900),
            Self::AmazonConnect => (10, 1, Stickiness::PerCall, 60),
            Self::CallForwarding => (100, 1, Stickiness::OneSide, 300),
            Self::PbxRouting => (1, 1, Stickiness::PerCall, 300),
            Self::SipTrunk => (1, 1, Stickiness::PerCaller, 60),
        };
        RouteCapability {
            percent_step,
            time_step_min,
            stickiness,
            apply_latency_s: latency_s,
            rollback_latency_s: latency_s,
            verify: self.proofs(),
        }
    }
}

/// When a change begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At once.
    Now,
    /// At a local time of the site.
    At(DateTime),
}

/// What can be planned on a mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planned {
    /// A share all day.
    Share(TrafficShare),
    /// Every call inside agreed shift windows and none outside.
    ShiftWindows,
    /// The beginning of a change.
    Start(Start),
}

/// What a person does, or reads to the one who does, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instructions {
    /// On this mechanism.
    pub mechanism: Mechanism,
    /// One sentence each.
    pub steps: Vec<String>,
}

/// The mechanism cannot do what was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotPossible {
    /// On this mechanism.
    pub mechanism: Mechanism,
    /// What was planned.
    pub asked: Planned,
    /// The nearest it can do, below before above; people choose.
    pub offers: Vec<Planned>,
}

/// The instructions for a share, or the nearest shares.
pub fn plan_share(mechanism: Mechanism, share: TrafficShare) -> Result<Instructions, NotPossible> {
    let step = mechanism.capability().percent_step;
    let below = share.percent() / step * step;
    if TrafficShare::from_percent(below) == Some(share) {
        let mut steps = share_steps(mechanism, below);
        steps.extend(caution(mechanism, below).map(ToOwned::to_owned));
        steps.push(verify_step(mechanism).to_owned());
        return Ok(Instructions { mechanism, steps });
    }
    let nearest = [below, below.saturating_add(step)];
    let shares = nearest.into_iter().filter_map(TrafficShare::from_percent);
    let windows = (step == 100).then_some(Planned::ShiftWindows);
    Err(NotPossible {
        mechanism,
        asked: Planned::Share(share),
        offers: shares.map(Planned::Share).chain(windows).collect(),
    })
}

/// The instructions for a start, or the nearest starts.
pub fn plan_start(mechanism: Mechanism, start: Start) -> Result<Instructions, NotPossible> {
    if let Start::At(at) = start {
        let minutes = i64::from(mechanism.capability().time_step_min);
        let grid = DateTimeRound::new()
            .smallest(Unit::Minute)
            .increment(minutes);
        // Beyond the calendar's last day there is nothing to offer.
        let nearest =
            [RoundMode::Floor, RoundMode::Ceil].map(|mode| at.round(grid.mode(mode)).ok());
        if !nearest.contains(&Some(at)) {
            let starts = nearest.into_iter().flatten().map(Start::At);
            return Err(NotPossible {
                mechanism,
                asked: Planned::Start(start),
                offers: starts.chain([Start::Now]).map(Planned::Start).collect(),
            });
        }
    }
    Ok(Instructions {
        mechanism,
        steps: vec![
            start_step(mechanism, start),
            verify_step(mechanism).to_owned(),
        ],
    })
}

fn share_steps(mechanism: Mechanism, out: u8) -> Vec<String> {
    let home = 100_u8.saturating_sub(out);
    let sides = format!("{out} % to the outsourcer, {home} % in-house");
    match (mechanism, out) {
        (Mechanism::TollFreeCpr, 0) => vec!["no PERCENT node: every call in-house".to_owned()],
        (Mechanism::TollFreeCpr, 100) => {
            vec!["no PERCENT node: every call to the outsourcer".to_owned()]
        }
        (Mechanism::TollFreeCpr, _) => vec![format!(
            "PERCENT {out}/{home}: {sides}; these two branches cover 100, no OTHER branch"
        )],
        (Mechanism::AmazonConnect, _) => vec![
            format!("TelephonyConfig {out}/{home}: {sides}"),
            "AgentConfig: shift the agents in the same change, else calls queue with nobody"
                .to_owned(),
        ],
        (Mechanism::CallForwarding, 0) => vec!["dial *73 on the line itself".to_owned()],
        (Mechanism::CallForwarding, _) => {
            vec!["dial *72 and the outsourcer's number on the line itself".to_owned()]
        }
        (Mechanism::PbxRouting, _) => vec![format!("allocate {out}/{home}: {sides}")],
        (Mechanism::SipTrunk, _) => vec![format!("share {out}: {sides}")],
    }
}

/// The trap of the mechanism that the share touches.
fn caution(mechanism: Mechanism, out: u8) -> Option<&'static str> {
    let split = (1..100).contains(&out);
    match mechanism.capability().stickiness {
        Stickiness::PerCall if split => {
            Some("each call is drawn anew: who calls twice may reach both sides")
        }
        Stickiness::OneSide if out > 0 => {
            Some("call paths are limited: ask the carrier how many calls are forwarded at once")
        }
        _ => None,
    }
}

fn start_step(mechanism: Mechanism, start: Start) -> String {
    match (mechanism, start) {
        (Mechanism::TollFreeCpr, Start::Now) => {
            "effective NOW; the RespOrg has a limited number of high-priority updates a day"
                .to_owned()
        }
        (Mechanism::TollFreeCpr, Start::At(_)) => format!(
            "effective {start}, with the site's time zone and daylight saving named: the default is Central"
        ),
        (Mechanism::CallForwarding, _) => format!("somebody at the line dials {start}"),
        _ => format!("change {start}"),
    }
}

fn verify_step(mechanism: Mechanism) -> &'static str {
    use RouteCheckKind::{Arrivals, ReadBack};
    let proofs = mechanism.capability().verify;
    if proofs.contains(&ReadBack) {
        "read the value back, then prove it by test calls"
    } else if proofs.contains(&Arrivals) {
        "prove it by test calls, then by the arrivals on both sides against the share"
    } else {
        "prove it by test calls: nothing is counted"
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("NOW"),
            Self::At(at) if at.second() == 0 && at.subsec_nanosecond() == 0 => {
                write!(f, "{}", at.strftime("%Y-%m-%d %H:%M"))
            }
            Self::At(at) => write!(f, "{} {}", at.date(), at.time()),
        }
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(f, "{} %", f64::from(share.basis_points()) / 100.0),
            Self::ShiftWindows => f.write_str("100 % in shift windows"),
            Self::Start(start) => start.fmt(f),
        }
    }
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.mechanism.words(), self.steps.join("; "))
    }
}

impl NotPossible {
    /// The offers in words: `30 % or 40 %`.
    pub fn offers_text(&self) -> String {
        let offers: Vec<_> = self.offers.iter().map(Planned::to_string).collect();
        offers.join(" or ")
    }
}

impl fmt::Display for NotPossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (asked, on) = (self.asked, self.mechanism.words());
        write!(
            f,
            "{asked} is not possible on {on}; possible is {}",
            self.offers_text()
        )
    }
}
