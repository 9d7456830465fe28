//! What the SIP core asks of the node: where does this call go, and what became of it.

use crate::clock;
use crate::node::state::{Installed, Node};
use crate::node::trunks::TrunkChecks;
use segue_domain::caller::{CallerKey, e164};
use segue_domain::ids::LineId;
use segue_journal::facts::{Decision as DecisionFact, FactsWriter, TargetOutcome};
use segue_routing::choose::TargetKind;
use segue_routing::{Arm, Call, Decision, Reason};
use segue_sip::allow::AllowList;
use segue_sip::trunk::TrunkSettings;
use segue_sip::{
    Attempt, CallToken, FallThrough, Invite, Mode, Outcome, Policy, Route, Shed, Skip, Target,
};
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Calls whose outcome is awaited; beyond it the oldest knowledge is simply not completed.
const AWAITED_CALLS_MAX: usize = 100_000;
/// The rule of calls that an open case settled: no share drew them, so nothing is compared by them.
pub(crate) const OPEN_CASE: &str = "open_case";
/// The header of calls that Segue places itself to try a path.
pub(crate) const TEST_HEADER: &str = "X-Segue-Test";
/// The header that marks calls Segue has routed.
const OUR_HEADER: &str = "X-Segue-Call";

/// The node's answer to the SIP core. One per shard.
pub struct NodePolicy {
    node: Arc<Node>,
    facts: Option<FactsWriter>,
    /// Peers that are answered 302 instead of being proxied.
    redirected: HashSet<IpAddr>,
    /// Peers besides the table's targets.
    peers: AllowList,
    checks: TrunkChecks,
    /// Which refusals of a target go on to the next.
    fall_through: FallThrough,
    /// The table whose trunks are watched.
    watched: String,
    awaited: HashMap<CallToken, DecisionFact>,
    token_seed: u64,
    token_next: u64,
}

impl NodePolicy {
    /// A policy for one shard; `seed` makes the call tokens of this process its own.
    pub fn new(
        node: Arc<Node>,
        facts: Option<FactsWriter>,
        peers: AllowList,
        redirected: HashSet<IpAddr>,
        checks: TrunkChecks,
        seed: u64,
    ) -> Self {
        Self {
            node,
            facts,
            redirected,
            peers,
            fall_through: checks.refusals(),
            checks,
            watched: String::new(),
            awaited: HashMap::new(),
            token_seed: seed,
            token_next: 0,
        }
    }

    /// The patience of this node's settings with each target of a line, and what it may refuse.
    fn timed(&self, line: Option<&LineId>, mut targets: Vec<Target>) -> Vec<Target> {
        let timers = self.checks.patience(line);
        for target in &mut targets {
            (target.timers, target.fall_through) = (timers, self.fall_through);
        }
        targets
    }

    fn token(&mut self) -> CallToken {
        self.token_next += 1;
        CallToken((u128::from(self.token_seed) << 64) | u128::from(self.token_next))
    }

    fn note(
        &mut self,
        token: CallToken,
        decision: &Decision<'_>,
        hash: &str,
        asked: &Asked,
        at: jiff::Timestamp,
    ) {
        let Some(facts) = &self.facts else { return };
        let fact = DecisionFact {
            is_test: asked.is_test(&self.node.key),
            ..fact(token, decision, &self.node.name, hash, &asked.dialled, at)
        };
        facts.decision(fact.clone());
        if self.awaited.len() < AWAITED_CALLS_MAX {
            self.awaited.insert(token, fact);
        }
    }
}

impl Policy for NodePolicy {
    fn route(&mut self, _now_us: u64, invite: &Invite<'_>) -> Route {
        let token = self.token();
        let now = clock::now();
        let installed = self.node.installed();
        let asked = Asked::read(invite, &installed);
        let decision = self
            .node
            .choose(&installed, &asked.call(), now.as_microsecond());
        self.note(token, &decision, &installed.hash, &asked, now);
        let redirect = self.redirected.contains(&invite.source().ip());
        let mode = if redirect {
            Mode::Redirect
        } else {
            Mode::Proxy
        };
        Route {
            token,
            mode,
            targets: self.timed(
                decision.number.map(|n| &n.line),
                targets(&installed, &decision),
            ),
        }
    }

    fn is_peer(&self, ip: IpAddr) -> bool {
        let installed = self.node.installed();
        installed
            .addresses
            .values()
            .any(|(hop, _)| hop.addr.ip() == ip)
    }

    fn trunks(&mut self) -> Option<Vec<TrunkSettings>> {
        let installed = self.node.installed();
        if installed.hash == self.watched {
            return None;
        }
        self.watched.clone_from(&installed.hash);
        Some(self.checks.trunks(&installed))
    }

    fn shed(&mut self, _now_us: u64, invite: &Invite<'_>) -> Shed {
        let installed = self.node.installed();
        let asked = Asked::read(invite, &installed);
        let targets = home_targets(&installed, &asked.dialled);
        let number = installed.table.numbers.get(&asked.dialled);
        let targets = self.timed(number.map(|number| &number.line), targets);
        if targets.is_empty() {
            Shed::Refuse
        } else if self.redirected.contains(&invite.source().ip()) {
            Shed::Redirect(targets)
        } else {
            Shed::Proxy(targets)
        }
    }

    fn is_known(&self, addr: SocketAddr) -> bool {
        self.peers.contains(addr.ip()) || self.node.installed().is_target(addr)
    }

    fn outcome(&mut self, token: CallToken, outcome: &Outcome<'_>) {
        let Some(mut fact) = self.awaited.remove(&token) else {
            return;
        };
        let installed = self.node.installed();
        let uris = uris_of(&installed, &fact);
        fact.targets = outcome
            .attempts
            .iter()
            .map(|attempt| TargetOutcome {
                uri: uris
                    .get(usize::from(attempt.target))
                    .cloned()
                    .unwrap_or_default(),
                outcome: words(attempt.attempt),
                ms: u64::from(attempt.elapsed_ms),
            })
            .collect();
        if let Some(facts) = &self.facts {
            facts.decision(fact);
        }
    }
}

/// What the INVITE shows of the call, as text.
struct Asked {
    dialled: String,
    caller: Option<String>,
    call_id: String,
    source_host: String,
    already_routed: bool,
    /// What the call says of itself to be a test.
    test_mark: Option<String>,
}

impl Asked {
    fn read(invite: &Invite<'_>, installed: &Installed) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        // The network's word first; what the caller's own phone says of itself only without it.
        let caller = invite
            .asserted_user()
            .or_else(|| invite.from_user())
            .and_then(|user| e164(&text(user)));
        Self {
            dialled: invite.called().map(text).unwrap_or_default(),
            caller,
            call_id: text(invite.call_id()),
            source_host: invite.source().ip().to_string(),
            // A trunk named by its host sends from an address: that never goes out again either.
            already_routed: invite.header(OUR_HEADER).is_some()
                || installed.outsourcer_ips.contains(&invite.source().ip()),
            test_mark: invite.header(TEST_HEADER).map(text),
        }
    }

    /// Whether the mark was made under the client's key for this caller and number.
    fn is_test(&self, key: &CallerKey) -> bool {
        let (Some(mark), Some(caller)) = (&self.test_mark, &self.caller) else {
            return false;
        };
        *mark == key.test_mark(caller, &self.dialled)
    }

    fn call(&self) -> Call<'_> {
        Call {
            dialled: &self.dialled,
            caller: self.caller.as_deref(),
            call_id: &self.call_id,
            source_host: &self.source_host,
            already_routed: self.already_routed,
        }
    }
}

fn targets(installed: &Installed, decision: &Decision<'_>) -> Vec<Target> {
    let known: Vec<_> = decision
        .targets()
        .filter_map(|(uri, kind)| target(installed, uri, kind))
        .collect();
    if !known.is_empty() {
        return known;
    }
    unknown_targets(installed)
}

/// A number nobody knows keeps its Request-URI: the in-house side may know it.
fn unknown_targets(installed: &Installed) -> Vec<Target> {
    installed
        .table
        .home_of_unknown()
        .filter_map(|uri| target(installed, uri, TargetKind::InHouse))
        .map(|target| Target {
            uri: None,
            ..target
        })
        .collect()
}

/// In-house, then the last resort: where a call goes that there is no room to look after.
fn home_targets(installed: &Installed, dialled: &str) -> Vec<Target> {
    let Some(number) = installed.table.numbers.get(dialled) else {
        return unknown_targets(installed);
    };
    let last = number.last_resort.iter();
    let last = last.map(|uri| (uri, TargetKind::LastResort));
    std::iter::once((&number.in_house, TargetKind::InHouse))
        .chain(last)
        .filter_map(|(uri, kind)| target(installed, uri, kind))
        .collect()
}

fn target(installed: &Installed, uri: &str, kind: TargetKind) -> Option<Target> {
    let (hop, uri) = installed.addresses.get(uri)?;
    let tag = match kind {
        TargetKind::Outsourced => 0,
        TargetKind::InHouse => 1,
        TargetKind::LastResort => 2,
    };
    Some(Target {
        uri: Some(Arc::clone(uri)),
        tag,
        ..Target::new(*hop)
    })
}

fn uris_of(installed: &Installed, fact: &DecisionFact) -> Vec<String> {
    let Some(number) = installed.table.numbers.get(&fact.dialled) else {
        return installed
            .table
            .home_of_unknown()
            .map(str::to_owned)
            .collect();
    };
    let out = (fact.arm == arm_name(Arm::Outsourced)).then_some(&number.outsourced);
    out.into_iter()
        .chain([&number.in_house])
        .chain(&number.last_resort)
        .cloned()
        .collect()
}

/// The arm as the call facts name it.
pub fn arm_name(arm: Arm) -> &'static str {
    match arm {
        Arm::InHouse => "in_house",
        Arm::Outsourced => "outsourced",
    }
}

/// A decision as the store keeps it.
pub(crate) fn fact(
    token: CallToken,
    d: &Decision<'_>,
    node: &str,
    hash: &str,
    dialled: &str,
    at: jiff::Timestamp,
) -> DecisionFact {
    let (rule, reason) = reason(d.reason);
    DecisionFact {
        call_id: format!("{:032x}", token.0),
        at,
        node: node.to_owned(),
        table_hash: hash.to_owned(),
        line: d.number.map(|n| n.line.to_string()).unwrap_or_default(),
        chunk: d.chunk.map(ToString::to_string),
        rule: rule.to_owned(),
        bucket: d.bucket,
        pi_bp: d.pi_bp,
        arm: arm_name(d.arm).to_owned(),
        reason: reason.to_owned(),
        targets: Vec::new(),
        caller: d.caller,
        // A number that is not in the table was not checked to be a line's: it stays out of the store.
        dialled: if d.number.is_some() || d.reason == Reason::Escalation {
            dialled.to_owned()
        } else {
            "unknown".to_owned()
        },
        is_test: false,
    }
}

fn reason(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::HomeLatch => ("home_latch", "a fallback holds these calls home"),
        Reason::CutOff => (
            "cut_off",
            "the journal was out of reach for longer than the lease",
        ),
        Reason::Escalation => (
            "escalation",
            "the number reaches a nurse and bypasses the split",
        ),
        Reason::Loop => (
            "loop",
            "the call was routed before or comes from the outsourcer",
        ),
        Reason::OpenCase => (OPEN_CASE, "the side has an open case of the caller's"),
        Reason::Episode => ("episode", "the caller was in-house within 72 hours"),
        Reason::Window => ("window", "no chunk owns the number at this time"),
        Reason::Share => ("share", "the caller's bucket against the agreed share"),
        Reason::ShareAnonymous => ("share", "an anonymous call, drawn by its Call-ID"),
        Reason::UnknownNumber => ("unknown_number", "the number is not in the table"),
    }
}

fn words(attempt: Attempt) -> String {
    match attempt {
        Attempt::Answered => "answered".into(),
        Attempt::Refused(code) => format!("refused {code}"),
        Attempt::Silent => "silent".into(),
        Attempt::TryingOnly => "only 100 Trying".into(),
        Attempt::NoAnswer => "rang without answer".into(),
        Attempt::Unreachable => "unreachable".into(),
        Attempt::Cancelled => "cancelled".into(),
        Attempt::Skipped(skip) => match skip {
            Skip::Unknown => "not tried: its trunk has not answered OPTIONS yet",
            Skip::Down => "not tried: its trunk does not answer OPTIONS",
            Skip::Breaker => "not tried: its trunk failed call after call",
            Skip::CallsPerSecond => "not tried: its agreed calls a second are used up",
            Skip::CallsMax => "not tried: its agreed calls at a time are used up",
        }
        .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::files::NodeFiles;
    use segue_domain::caller::CallerKey;
    use segue_routing::{NumberEntry, RouteTable};

    #[test]
    fn the_tables_targets_are_peers_and_nobody_else_is() {
        let directory = tempfile::tempdir().unwrap();
        for folder in ["node", "tables"] {
            std::fs::create_dir_all(directory.path().join(folder)).unwrap();
        }
        let files = NodeFiles::new(directory.path());
        let node = Arc::new(Node::open("A", CallerKey::new(&[7; 32]), files));
        let number = NumberEntry {
            line: "L1".into(),
            in_house: "sip:7001@127.0.0.2".into(),
            outsourced: "sip:7001@127.0.0.3:5070".into(),
            last_resort: vec!["sip:oncall@127.0.0.4".into()],
            chunks: Vec::new(),
        };
        let table = RouteTable {
            numbers: [("7001".to_owned(), number)].into(),
            ..RouteTable::default()
        };
        let listed = AllowList::new(["127.0.0.9/32".parse().unwrap()]);
        let checks = TrunkChecks::default();
        let policy = NodePolicy::new(Arc::clone(&node), None, listed, HashSet::new(), checks, 1);
        let ip = |last: u8| IpAddr::from([127, 0, 0, last]);
        assert!(!policy.is_peer(ip(2)), "no table yet");
        node.install(table).unwrap();
        for (last, peer) in [(2, true), (3, true), (4, true), (5, false), (9, false)] {
            assert_eq!(policy.is_peer(ip(last)), peer, "127.0.0.{last}");
        }
        let quick = segue_sip::Timers {
            ring_ms: 15_000,
            ..segue_sip::Timers::default()
        };
        let mut policy = policy;
        policy.checks.of_lines.insert("L1".into(), quick);
        let patience = |line: &str| {
            let targets = vec![Target::new(
                node.installed().addresses["sip:7001@127.0.0.2"].0,
            )];
            policy.timed(Some(&line.into()), targets)[0].timers
        };
        assert_eq!(
            (patience("L1"), patience("L2")),
            (quick, segue_sip::Timers::default())
        );
        // A target is known by its port too; a listed peer from any.
        let at = |last: u8, port: u16| SocketAddr::from(([127, 0, 0, last], port));
        assert!(policy.is_known(at(3, 5070)) && !policy.is_known(at(3, 5060)));
        assert!(policy.is_known(at(9, 1)) && !policy.is_known(at(5, 5060)));
    }
}
