//! The way to a goal, one move at a time: each looks at the state alone, so that it can start anywhere.

use crate::cast::{clinical_lead, of, sign};
use crate::facts::Example;
use crate::needs;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use segue_domain::acceptance::{
    OutcomeRecord, ProposeAcceptance, SignAcceptance, SignClosure, Verdict, closure_hash,
};
use segue_domain::account_manager::NameAccountManager;
use segue_domain::chunks::{Chunk, ChunkState};
use segue_domain::discovery::{CompleteDiscoveryItem, OpenDiscovery, SignDiscovery};
use segue_domain::gates::{self, SignGate};
use segue_domain::headaches::Headaches;
use segue_domain::ids::ChunkId;
use segue_domain::routing_changes::{ApproveStep, ProposeStep, Step, next_step};
use segue_domain::schedule::{ProposePlan, SignPlan};
use segue_domain::share::ShareInput;
use segue_domain::signature::{Agreement, Needs};
use segue_domain::{Actor, Command, Role, Side, Transition, ladder};

/// What the story should come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Goal {
    /// The transition exists.
    Created,
    /// Somebody is the account manager.
    AccountManaged,
    /// Discovery is open and everything found out, but for that many of its items.
    Discovering {
        /// Items still open.
        open: usize,
    },
    /// Both signed discovery.
    Discovered,
    /// The example's plan is proposed.
    Proposed,
    /// The example's plan is agreed.
    Agreed,
    /// Everything a chunk's gate asks for is proved; nobody need have signed it.
    Proved(ChunkId),
    /// A chunk's gate is signed, at its agreed date.
    Ready(ChunkId),
    /// A chunk is live at a share, in whole percent.
    Live(ChunkId, u8),
    /// A chunk is accepted.
    Accepted(ChunkId),
    /// A chunk's door is closed.
    Closed(ChunkId),
}

/// What happens next.
#[derive(Clone, Debug, PartialEq)]
pub enum Move {
    /// Somebody sends a command.
    Say(Box<(Actor, Command)>),
    /// Nothing can be done before.
    Wait(Timestamp),
}

impl Move {
    /// Somebody sends a command.
    pub fn say(actor: Actor, command: impl Into<Command>) -> Self {
        Self::Say(Box::new((actor, command.into())))
    }
}

/// The state a move is made in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'t> {
    /// As it stands.
    pub t: &'t Transition,
    /// What it should become.
    pub example: &'t Example,
    /// The time.
    pub now: Timestamp,
}

impl Scene<'_> {
    /// Whether something of that instant is still fresh, with a day to spare.
    pub(crate) fn is_fresh(&self, at: Timestamp, valid_days: u32) -> bool {
        self.now.duration_since(at).as_secs() < (i64::from(valid_days) - 1) * 86_400
    }
}

impl Example {
    /// What is done next on the way to the goal; nothing when it is reached.
    pub fn next(&self, t: &Transition, goal: &Goal, now: Timestamp) -> Option<Move> {
        let scene = Scene {
            t,
            example: self,
            now,
        };
        match goal {
            Goal::Created => created(&scene),
            Goal::AccountManaged => account_managed(&scene),
            Goal::Discovering { open } => discovering(&scene, *open),
            Goal::Discovered => discovered(&scene),
            Goal::Proposed => proposed(&scene),
            Goal::Agreed => agreed(&scene),
            Goal::Proved(chunk) => agreed(&scene).or_else(|| prove(&scene, scene.t.chunk(chunk)?)),
            Goal::Ready(chunk) => ready(&scene, chunk),
            Goal::Live(chunk, percent) => live(&scene, chunk, *percent),
            Goal::Accepted(chunk) => accepted(&scene, chunk),
            Goal::Closed(chunk) => closed(&scene, chunk),
        }
    }
}

impl Example {
    /// The client's manager proposes the example's plan.
    pub fn proposal(&self) -> (Actor, Command) {
        let proposal = ProposePlan {
            plan: self.plan.clone(),
            counter_to: None,
            reason: "as discussed".into(),
            terms: None,
        };
        (manager(Side::Client), proposal.into())
    }
}

fn manager(side: Side) -> Actor {
    of(side, Role::Implementation)
}

/// Whoever has to sign next.
pub(crate) fn signer(agreement: &Agreement, needs: Needs) -> Option<Actor> {
    let side = agreement.missing().into_iter().next();
    let lead = needs == Needs::BothAndClinical && agreement.clinical.is_none();
    side.map(|side| of(side, Role::Signatory))
        .or_else(|| lead.then(clinical_lead))
}

fn created(scene: &Scene<'_>) -> Option<Move> {
    let create = || Move::say(manager(Side::Client), scene.example.create.clone());
    (!scene.t.is_created()).then(create)
}

fn account_managed(scene: &Scene<'_>) -> Option<Move> {
    created(scene).or_else(|| {
        let name = NameAccountManager {
            person: "cb-account".into(),
            deputy: Some("cb-deputy".into()),
        };
        let missing = scene.t.account_manager.is_none();
        missing.then(|| Move::say(manager(Side::Outsourcer), name))
    })
}

fn discovering(scene: &Scene<'_>, open: usize) -> Option<Move> {
    account_managed(scene)
        .or_else(|| needs::first(needs::BEFORE_DISCOVERY, scene))
        .or_else(|| {
            let discovery = OpenDiscovery { items: Vec::new() };
            let closed = scene.t.discovery.opened_at.is_none();
            closed.then(|| Move::say(manager(Side::Client), discovery))
        })
        .or_else(|| needs::first(needs::BEFORE_DISCOVERY_SIGNED, scene))
        .or_else(|| {
            let items = scene.t.discovery.open_items();
            let item = items.into_iter().nth(open)?;
            let evidence = format!("minutes: {item}");
            let complete = CompleteDiscoveryItem { item, evidence };
            Some(Move::say(manager(Side::Client), complete))
        })
}

fn discovered(scene: &Scene<'_>) -> Option<Move> {
    if scene.t.discovery.is_complete() {
        return None;
    }
    discovering(scene, 0).or_else(|| {
        let actor = signer(&scene.t.discovery.agreement, Needs::Both)?;
        let signature = sign(&actor, &scene.t.discovery.hash(&scene.t.id));
        Some(Move::say(actor, SignDiscovery { signature }))
    })
}

/// Everything a plan needs, then the plan; another one that stands already is taken as it is.
fn proposed(scene: &Scene<'_>) -> Option<Move> {
    discovered(scene)
        .or_else(|| needs::first(needs::BEFORE_PLAN, scene))
        .or_else(|| {
            let none = scene.t.schedule.newest().is_none();
            none.then(|| Move::Say(Box::new(scene.example.proposal())))
        })
}

fn agreed(scene: &Scene<'_>) -> Option<Move> {
    if scene.t.schedule.agreed.is_some() {
        return None;
    }
    if let Some(next) = proposed(scene) {
        return Some(next);
    }
    let version = scene.t.schedule.newest()?;
    let needs = scene.t.needs_of_plan(&version.proposed.plan);
    let actor = signer(&version.agreement, needs)?;
    let signature = sign(&actor, &version.proposed.hash);
    let version = version.proposed.version;
    Some(Move::say(actor, SignPlan { version, signature }))
}

/// 10:00 at the site on the date from which the next step may be taken, unless that day has come: it may be taken at any hour.
fn wait_for_step(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let (_, date) = next_step(scene.t, chunk)?;
    let zone = scene.t.site_zone(&chunk.planned.site)?;
    let zone = TimeZone::get(zone).ok()?;
    let at = zone.to_timestamp(date.at(10, 0, 0, 0)).ok()?;
    (scene.t.day_at(&chunk.planned.site, scene.now) < date).then_some(Move::Wait(at))
}

fn prove(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    needs::first_of(needs::BEFORE_GATE, scene, chunk)
}

fn ready(scene: &Scene<'_>, id: &ChunkId) -> Option<Move> {
    if let Some(next) = agreed(scene) {
        return Some(next);
    }
    let chunk = scene.t.chunk(id)?;
    if chunk.state == ChunkState::Ready {
        return None;
    }
    wait_for_step(scene, chunk)
        .or_else(|| prove(scene, chunk))
        .or_else(|| {
            let agreement = scene.t.gates.get(id).map(|g| g.agreement.clone());
            let needs = scene.t.needs_of_chunk(&chunk.planned);
            let actor = signer(&agreement.unwrap_or_default(), needs)?;
            let signature = sign(&actor, &gates::hash(scene.t, id));
            let chunk = id.clone();
            Some(Move::say(actor, SignGate { chunk, signature }))
        })
}

fn live(scene: &Scene<'_>, id: &ChunkId, percent: u8) -> Option<Move> {
    if let Some(next) = agreed(scene) {
        return Some(next);
    }
    let chunk = scene.t.chunk(id)?;
    let easier = ladder::locked_by(scene.t, &chunk.planned.site, id);
    if let Some(next) = easier.iter().find_map(|lower| accepted(scene, lower)) {
        return Some(next);
    }
    if chunk.state != ChunkState::Live
        && let Some(next) = ready(scene, id)
    {
        return Some(next);
    }
    let (share, _) = next_step(scene.t, chunk).filter(|(share, _)| share.percent() <= percent)?;
    wait_for_step(scene, chunk)
        .or_else(|| prove(scene, chunk))
        .or_else(|| needs::first_of(needs::BEFORE_STEP, scene, chunk))
        .or_else(|| take_step(scene, chunk, share.percent()))
}

fn take_step(scene: &Scene<'_>, chunk: &Chunk, percent: u8) -> Option<Move> {
    let id = &chunk.planned.id;
    let open = |s: &&Step| {
        let p = &s.proposed;
        !s.done && p.chunk == *id && p.epoch == chunk.epoch && p.share.percent() == percent
    };
    let needs = scene.t.needs_of_chunk(&chunk.planned);
    let newest = scene.t.steps.values().filter(open);
    let Some(step) = newest.max_by_key(|s| s.proposed.at) else {
        let share_percent = ShareInput::percent(percent);
        let chunk = id.clone();
        let propose = ProposeStep {
            chunk,
            share_percent,
        };
        return Some(Move::say(manager(Side::Client), propose));
    };
    let actor = signer(&step.agreement, needs)?;
    let signature = sign(&actor, &step.proposed.hash);
    let step = step.proposed.step.clone();
    Some(Move::say(actor, ApproveStep { step, signature }))
}

/// The numbers the example's chunks are accepted with.
fn outcome(scene: &Scene<'_>, chunk: &Chunk) -> OutcomeRecord {
    let planned = &chunk.planned;
    let baseline = scene.t.baselines.of(&planned.site, &planned.call_type);
    let answered = 1_460;
    OutcomeRecord {
        offered: 1_500,
        answered_within: 1_230,
        abandoned: 40,
        answered,
        handle_s: answered * baseline.map_or(0, |b| u64::from(b.aht_s)),
        incidents: 0,
        headaches: Headaches::default(),
        headaches_in_house: Headaches::default(),
        formula: scene.t.terms.service_level_formula.clone(),
        verdict: Verdict::Pass,
        evidence: "parity report 12".into(),
    }
}

fn accepted(scene: &Scene<'_>, id: &ChunkId) -> Option<Move> {
    if scene.t.chunk(id).is_some_and(Chunk::is_accepted) {
        return None;
    }
    live(scene, id, 100)
        .or_else(|| needs::first_of(needs::BEFORE_ACCEPTANCE, scene, scene.t.chunk(id)?))
        .or_else(|| {
            let Some(acceptance) = scene.t.acceptances.get(id) else {
                let (chunk, outcome) = (id.clone(), outcome(scene, scene.t.chunk(id)?));
                let propose = ProposeAcceptance { chunk, outcome };
                return Some(Move::say(manager(Side::Client), propose));
            };
            let needs = scene.t.needs_of_chunk(&scene.t.chunk(id)?.planned);
            let actor = signer(&acceptance.agreement, needs)?;
            let signature = sign(&actor, &acceptance.proposed.hash);
            let chunk = id.clone();
            Some(Move::say(actor, SignAcceptance { chunk, signature }))
        })
}

fn closed(scene: &Scene<'_>, id: &ChunkId) -> Option<Move> {
    let state = |id| scene.t.chunk(id).map(|c| c.state.clone());
    if state(id) == Some(ChunkState::Closed) {
        return None;
    }
    if let Some(next) = accepted(scene, id) {
        return Some(next);
    }
    match state(id)? {
        ChunkState::Held { hold_until, .. } if scene.now < hold_until => {
            return Some(Move::Wait(hold_until));
        }
        _ => {}
    }
    let chunk = scene.t.chunk(id)?;
    needs::first_of(needs::BEFORE_CLOSURE, scene, chunk).or_else(|| {
        let closure = &scene.t.acceptances.get(id)?.closure;
        let actor = signer(closure, scene.t.needs_of_chunk(&chunk.planned))?;
        let signature = sign(&actor, &closure_hash(scene.t, id));
        let chunk = id.clone();
        Some(Move::say(actor, SignClosure { chunk, signature }))
    })
}
