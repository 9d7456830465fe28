//! The twelve questions on a page: what there is to choose from, and the draft the answers make.

use super::acts::{invalid, refusal_view};
use jiff::Timestamp;
use jiff::civil::Date;
use segue_domain::schedule::templates::{self, Answers};
use segue_domain::schedule::{Plan, ProposePlan};
use segue_domain::{Command, Transition};
use segue_web::ActError;
use segue_web::draft::{DraftChoices, DraftLine, DraftView};
use serde_json::Value;

/// What there is to choose from.
pub(super) fn choices(t: &Transition, now: Timestamp) -> DraftChoices {
    DraftChoices {
        centres: t.sites.iter().map(|site| site.id.to_string()).collect(),
        call_types: t
            .call_types
            .iter()
            .map(|kind| kind.id.to_string())
            .collect(),
        zone: t
            .sites
            .first()
            .map(|site| site.zone.clone())
            .unwrap_or_default(),
        today: t.sites.first().map(|site| t.day_at(&site.id, now)),
    }
}

/// The template's plan; the wave planner, which takes longer, is `segue plan draft`.
pub(super) fn draft(t: &Transition, answers: Value, now: Timestamp) -> Result<DraftView, ActError> {
    let answers: Answers = serde_json::from_value(answers).map_err(|e| {
        invalid(
            "BAD_FACT",
            format!("an answer that can be read: {e}"),
            "look at the answers again: a day as 2027-03-01, whole numbers, windows as `daily 22:00-08:00`",
        )
    })?;
    let plan = templates::draft(t, &answers, now)
        .map_err(|refusal| ActError::Refused(Box::new(refusal_view(refusal))))?;
    let lines = lines(&plan);
    let propose = Command::from(ProposePlan {
        plan,
        counter_to: None,
        reason: "drafted from the twelve answers".into(),
        terms: None,
    });
    let propose = serde_json::to_value(propose).map_err(|e| ActError::Unavailable {
        message: format!("The draft cannot be written down ({e})."),
    })?;
    Ok(DraftView { lines, propose })
}

fn lines(plan: &Plan) -> Vec<DraftLine> {
    let step = |chunk: &str, from: Date, what: String| DraftLine {
        from,
        due: None,
        what,
        chunk: chunk.to_owned(),
    };
    let steps = plan.chunks.iter().flat_map(|chunk| {
        let shares = chunk
            .steps
            .iter()
            .map(|s| (s.from, s.share_percent.parse()));
        let known = shares.filter_map(|(from, share)| Some((from, share.ok()?)));
        known.map(move |(from, share)| {
            step(
                chunk.id.as_str(),
                from,
                format!("{} % of the calls", share.percent()),
            )
        })
    });
    let items = plan.items.iter().map(|item| DraftLine {
        from: item.from,
        due: (item.due != item.from).then_some(item.due),
        what: item.what.clone(),
        chunk: item
            .chunk
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    });
    let mut lines: Vec<_> = steps.chain(items).collect();
    lines.sort_by(|a, b| (a.from, &a.chunk).cmp(&(b.from, &b.chunk)));
    lines
}
