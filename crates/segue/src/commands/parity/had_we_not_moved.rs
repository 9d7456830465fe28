//! `segue parity had-we-not-moved`: what would have become of the real callers with the staffing of before, block by block, and
//! whether each recorded block comes out again from its own arrivals.

use crate::cli::Global;
use crate::context::Context;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered};
use clap::Args;
use jiff::tz::TimeZone;
use segue_capacity::counterfactual::frozen::{Asked, replay};
use segue_domain::Transition;
use segue_domain::counterfactual::replayed::{Replayed, ReplayedBlock, ShareBp, Sums};
use segue_domain::counterfactual::{StaffingKey, holiday_words, left_out};
use segue_domain::ids::{CallTypeId, SiteId};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Options of `segue parity had-we-not-moved`.
#[derive(Debug, Args)]
pub struct HadWeNotMoved {
    /// One centre only
    #[arg(long, value_name = "SITE")]
    site: Option<SiteId>,
    /// One call type only
    #[arg(long = "type", value_name = "TYPE")]
    call_type: Option<CallTypeId>,
}

/// How a recorded block stands to the staffing in force.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    /// Replayed again it is the same.
    Same,
    /// It is not: somebody recorded something else.
    Other,
    /// It was replayed through a staffing signed before the one in force.
    EarlierStaffing,
}

impl HadWeNotMoved {
    pub(super) fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        let t = block_on(async { Office::open(&ctx.data).await?.state().await })?;
        let mut text = String::new();
        let mut all = Vec::new();
        let mut wanting = false;
        let staffings = t.counterfactuals.staffings().filter(|(key, _)| {
            self.site.as_ref().is_none_or(|site| *site == key.site)
                && self
                    .call_type
                    .as_ref()
                    .is_none_or(|kind| *kind == key.call_type)
        });
        for (key, frozen) in staffings {
            let replayed = t.counterfactuals.replayed(key);
            let sums = replayed.map(|replayed| replayed.sums).unwrap_or_default();
            let blocks = replayed.into_iter().flat_map(Replayed::blocks);
            let blocks: Vec<_> = blocks.map(|block| (block, again(&t, key, block))).collect();
            wanting |= blocks.iter().any(|(_, again)| *again == Again::Other);
            said(&mut text, key, frozen.agreed.is_some(), &sums, &blocks);
            let left_out = left_out(&t, key, ctx.now());
            if !left_out.is_empty() {
                // Writing to a text cannot fail.
                let _ = writeln!(
                    text,
                    "  not known for a holiday and left out: {}; held against the signed target alone (`holidays` of `segue do freeze-staffing`)",
                    holiday_words(&left_out)
                );
            }
            all.push(json!({
                "site": key.site,
                "call_type": key.call_type,
                "staffing": frozen.agreed.as_ref().map(|agreed| &agreed.hash),
                "all": figures(&sums),
                "left_out": left_out,
                "blocks": blocks.iter().map(block_json).collect::<Vec<_>>(),
            }));
        }
        if all.is_empty() {
            text.push_str("No staffing is frozen: what depends on load is held against the signed target alone (`segue parity freeze-staffing`).");
        }
        let json = json!({ "had_we_not_moved": all, "replays_the_same": !wanting });
        Ok(Answer::new(&json, text.trim_end()).wanting_if(wanting))
    }
}

fn again(t: &Transition, key: &StaffingKey, block: &ReplayedBlock) -> Again {
    let agreed = t.counterfactuals.agreed(key);
    let Some(staffing) = agreed.filter(|agreed| agreed.hash == block.staffing) else {
        return Again::EarlierStaffing;
    };
    let zone = t.site_zone(&key.site).map(TimeZone::get);
    let zone = zone.and_then(Result::ok).unwrap_or(TimeZone::UTC);
    match replay(staffing, &zone, Asked::of(block)) {
        Ok(same) if same == *block => Again::Same,
        _ => Again::Other,
    }
}

fn share(share: Option<ShareBp>) -> Value {
    let part = |bp: u32| f64::from(bp) / 10_000.0;
    share.map_or(Value::Null, |share| {
        json!({ "expected": part(share.expected), "low": part(share.low), "high": part(share.high) })
    })
}

fn figures(sums: &Sums) -> Value {
    json!({
        "blocks": sums.blocks,
        "offered": sums.offered,
        "hung_up": share(sums.hung_up()),
        "not_within_threshold": share(sums.late()),
    })
}

fn block_json((block, again): &(&ReplayedBlock, Again)) -> Value {
    let same = match again {
        Again::Same => Value::Bool(true),
        Again::Other => Value::Bool(false),
        Again::EarlierStaffing => Value::Null,
    };
    json!({
        "from": block.from,
        "until": block.until,
        "figures": figures(&block.sums()),
        "arrivals": block.arrivals,
        "holidays": block.holidays,
        "replays_the_same": same,
    })
}

fn said(
    text: &mut String,
    key: &StaffingKey,
    is_agreed: bool,
    sums: &Sums,
    blocks: &[(&ReplayedBlock, Again)],
) {
    // Writing to a text cannot fail.
    let _ = match (sums.hung_up(), is_agreed) {
        (Some(share), _) => writeln!(
            text,
            "{key}: had we not moved, {} of {} callers would have hung up",
            share.words(),
            sums.offered
        ),
        (None, true) => writeln!(text, "{key}: nothing was replayed yet"),
        (None, false) => writeln!(
            text,
            "{key}: the staffing is not signed by both; nothing is replayed (`segue show frozen-staffing`)"
        ),
    };
    for (block, again) in blocks {
        let words = |share: Option<ShareBp>| share.map_or_else(|| "–".into(), ShareBp::words);
        let own = block.sums();
        let note = match again {
            Again::Same => "",
            Again::Other => "  NOT what its arrivals give",
            Again::EarlierStaffing => "  through an earlier staffing",
        };
        let _ = writeln!(
            text,
            "  {}  {:>5} calls  hung up {}  not within {} s {}{note}",
            block.from.strftime("%Y-%m-%d %H:%M UTC"),
            block.offered,
            words(own.hung_up()),
            block.within_s,
            words(own.late()),
        );
    }
}
