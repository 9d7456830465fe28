//! `segue plan draft` from the twelve answers: the template's plan, or a better one that the wave planner finds for the same
//! chunks. Both keep every rule.

use super::wave;
use crate::output::{Answer, Answered, Failure};
use jiff::Timestamp;
use jiff::civil::Date;
use segue_domain::schedule::templates::{self, Answers};
use segue_domain::schedule::{self, Plan};
use segue_domain::{Refusal, Transition, canonical};
use segue_planner::transition::risks::{self, Rehearsed};
use segue_planner::transition::{self, agenda};
use segue_planner::{Draft, Model};
use serde_json::json;
use std::fmt::Write as _;

/// What a draft is asked to be.
pub(super) struct Wanted<'a> {
    /// The twelve answers.
    pub(super) answers: &'a Answers,
    /// A rehearsal whose plan risk counts.
    pub(super) told: Option<&'a Rehearsed>,
    /// With the list scheduler alone.
    pub(super) greedy: bool,
}

/// The outline that the answers make, and its model.
pub(super) fn modelled(
    t: &Transition,
    answers: &Answers,
    told: Option<&Rehearsed>,
    now: Timestamp,
) -> Result<(Plan, Model), Failure> {
    let outline = templates::outline(t, answers, now)?;
    let mut model = transition::model(t, &outline, Some(answers.first_step), now);
    if let Some(told) = told {
        let weighed = risks::weigh(&mut model, &outline, told);
        weighed.map_err(|e| Failure::BadInput(e.to_string()))?;
    }
    Ok((outline, model))
}

/// What the wave planner made of a model.
enum Found {
    /// A plan with days that break no rule.
    Dated(Box<Plan>, Option<f64>),
    /// A plan whose weeks have no such days.
    Undated,
    /// None.
    Nothing,
    /// The model is beyond its bounds: why.
    TooLarge(String),
}

fn found(
    t: &Transition,
    outline: &Plan,
    model: &Model,
    greedy: bool,
    now: Timestamp,
) -> Result<Found, Failure> {
    if let Err(e) = model.validate() {
        return Ok(Found::TooLarge(e.to_string()));
    }
    let Some(draft) = wave::planned(model, greedy)? else {
        return Ok(Found::Nothing);
    };
    let Draft { plan, gap, .. } = draft;
    let dated = transition::dated(t, outline, model, &plan, now);
    Ok(dated.map_or(Found::Undated, |plan| Found::Dated(Box::new(plan), gap)))
}

/// The better of both plans; where there is none, the rules that clash, or the rule that the template's plan breaks.
pub(super) fn draft(t: &Transition, wanted: &Wanted<'_>, now: Timestamp) -> Answered {
    let (outline, model) = modelled(t, wanted.answers, wanted.told, now)?;
    let found = found(t, &outline, &model, wanted.greedy, now)?;
    let template = schedule::check(t, &outline, now);
    let note = match &found {
        Found::Dated(..) => None,
        Found::Undated => Some(
            "the dates are the template's: the wave planner's weeks have no day that breaks no rule"
                .to_owned(),
        ),
        Found::Nothing => {
            Some("the dates are the template's: the wave planner found none by weeks".into())
        }
        Found::TooLarge(why) => Some(format!(
            "the dates are the template's: the wave planner does not take this transition ({why})"
        )),
    };
    match (found, template) {
        (Found::Dated(dated, gap), Ok(())) if last_step(&dated) < last_step(&outline) => {
            Ok(shown(t, &model, &dated, gap, None))
        }
        (Found::Dated(dated, gap), Err(_)) => Ok(shown(t, &model, &dated, gap, None)),
        // A template looks for the first date that keeps every rule; how far it is from the best plan nobody knows.
        (_, Ok(())) => Ok(shown(t, &model, &outline, None, note.as_deref())),
        (Found::Nothing, Err(refusal)) => without(&model, wanted.greedy, &refusal),
        (Found::Undated | Found::TooLarge(_), Err(refusal)) => Err(refusal.into()),
    }
}

/// Neither plan: the clash of the model's rules where there is one, with what the template's plan breaks.
fn without(model: &Model, greedy: bool, refusal: &Refusal) -> Answered {
    let mut answer = wave::no_plan(model, greedy)?;
    let _ = write!(
        answer.text,
        "\nThe template's dates break a rule, too: {refusal}"
    );
    answer.json["template"] = json!(refusal);
    Ok(answer)
}

fn shown(
    t: &Transition,
    model: &Model,
    plan: &Plan,
    gap: Option<f64>,
    note: Option<&str>,
) -> Answer {
    let steps: Vec<_> = plan
        .chunks
        .iter()
        .flat_map(|c| c.steps.iter().map(move |s| (c, s)))
        .collect();
    let first = steps.iter().map(|(_, s)| s.from).min();
    let days = first
        .zip(last_step(plan))
        .map_or(0, |(first, last)| (last - first).get_days());
    let weeks = days / 7 + 1;
    let satisfied = agenda::satisfied(model, plan);
    let mut text = format!(
        "{} steps in {weeks} weeks; propose it with `segue do propose-plan --file F.json`:\n",
        steps.len()
    );
    for (chunk, step) in &steps {
        let share = &step.share_percent.0;
        let _ = writeln!(text, "  {}  {:<24} {share} %", step.from, chunk.id.as_str());
    }
    let _ = writeln!(
        text,
        "Wishes met: client {:.3}, outsourcer {:.3}",
        satisfied.client, satisfied.outsourcer
    );
    let not_weighed = transition::not_weighed(t, model);
    for (name, words) in &not_weighed {
        let _ = writeln!(
            text,
            "Not weighed, because it has no week: {name} ({words})"
        );
    }
    if let Some(note) = note {
        let _ = writeln!(text, "Note: {note}.");
    }
    let listed: Vec<_> = steps
        .iter()
        .map(|(c, s)| json!({ "chunk": c.id, "share_percent": s.share_percent, "from": s.from }))
        .collect();
    let json = json!({
        "hash": canonical::hash("draft", plan),
        "weeks": weeks,
        "gap": gap,
        "steps": listed,
        "satisfied": satisfied,
        "not_weighed": not_weighed,
        "note": note,
        "plan": plan,
    });
    Answer::new(&json, text)
}

fn last_step(plan: &Plan) -> Option<Date> {
    plan.chunks
        .iter()
        .flat_map(|c| &c.steps)
        .map(|s| s.from)
        .max()
}
