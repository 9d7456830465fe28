//! Rules that the story sets aside, signed by both parties and the clinical lead.

use crate::cast::{of, sign};
use crate::way::{Move, Scene, signer};
use segue_domain::signature::Needs;
use segue_domain::waivers::{ProposeWaiver, SignWaiver, Waiver};
use segue_domain::{Role, Side};

/// Why, in everybody's words.
const REASON: &str = "the example has no weeks to spend";

/// The first waiver that is not signed by everybody.
pub(crate) fn signed(scene: &Scene<'_>) -> Option<Move> {
    scene.example.waived.iter().find_map(|(rule, chunk)| {
        let asked = |w: &&Waiver| w.proposed.rule == *rule && w.proposed.chunk == *chunk;
        let Some(waiver) = scene.t.waivers.values().find(asked) else {
            let ask = ProposeWaiver {
                rule: *rule,
                chunk: chunk.clone(),
                reason: REASON.into(),
            };
            return Some(Move::say(of(Side::Client, Role::Implementation), ask));
        };
        let actor = signer(&waiver.agreement, Needs::BothAndClinical)?;
        let signature = sign(&actor, &waiver.proposed.hash);
        let signed = SignWaiver {
            waiver: waiver.proposed.waiver.clone(),
            reason: REASON.into(),
            signature,
        };
        Some(Move::say(actor, signed))
    })
}
