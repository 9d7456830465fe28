//! A fallback that people made by hand while this product was down (scenario 18): recorded as if it had happened then.

use super::require_past;
use crate::Decided;
use crate::actor::Actor;
use crate::fallback::{self, Cause, Return, Scope};
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Records a fallback that was made by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordPaperFallback {
    /// `all`, a site or a chunk.
    pub scope: String,
    /// When the calls were home.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// How: `*73 from the line`, `RespOrg by telephone`.
    pub how: String,
}

/// The calls are home already: only what keeps the record from being true is refused.
pub(crate) fn record(
    t: &Transition,
    c: &RecordPaperFallback,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let scope = Scope::with_open_door(t, &c.scope)?;
    let at = require_past("the fallback by hand", Some(c.at), now)?;
    let how = fallback::kept(&c.how);
    let returned = Return {
        reason: format!("by hand: {how}"),
        cause: Cause::Paper {
            how,
            recorded_at: now,
        },
        at,
        reachable: None,
        needed: None,
    };
    Ok(fallback::bring_home(t, &scope, returned, actor))
}
