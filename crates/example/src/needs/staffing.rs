//! The in-house staffing of before, where the example freezes one: the client writes it down, both sign it, and then calls may move.

use crate::cast::{of, sign};
use crate::way::{Move, Scene, signer};
use segue_domain::chunks::Chunk;
use segue_domain::counterfactual::StaffingKey;
use segue_domain::counterfactual::frozen_staffing::SignFrozenStaffing;
use segue_domain::signature::Needs;
use segue_domain::{Role, Side};

/// "Had we not moved" is known from the first call on.
pub(crate) fn frozen(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let key = StaffingKey::of(&chunk.planned);
    let freeze = scene.example.frozen.iter().find(|f| f.key == key)?;
    let counterfactuals = &scene.t.counterfactuals;
    if counterfactuals.agreed(&key).is_some() {
        return None;
    }
    let mut known = counterfactuals.staffings();
    let known = known.find(|(of, _)| **of == key).map(|(_, frozen)| frozen);
    let Some((known, proposed)) = known.and_then(|k| Some((k, k.proposed.as_ref()?))) else {
        let manager = of(Side::Client, Role::Implementation);
        return Some(Move::say(manager, freeze.clone()));
    };
    let actor = signer(&known.agreement, Needs::Both)?;
    let signature = sign(&actor, &proposed.hash);
    Some(Move::say(actor, SignFrozenStaffing { key, signature }))
}
