//! `segue plan …` over a model file: which cell moves in which week, why there is no plan, both parties' wishes in balance,
//! the nearest plan under changed rules. None of it needs a data directory.

use super::write;
use crate::data_dir::random_bytes;
use crate::output::{Answer, Answered, Failure};
use jiff::Timestamp;
use segue_domain::Side;
use segue_planner::answer::{DiffAnswer, NegotiationAnswer, PlanAnswer, PlanFile};
use segue_planner::clash::{self, Clash, Explained};
use segue_planner::counter::{counter, settled};
use segue_planner::negotiate::negotiate;
use segue_planner::seal::{self, Opened};
use segue_planner::{Budget, Draft, Greedy, Highs, Model, Preference, calendar, checker, draft};
use serde_json::{Value, json};
use std::path::Path;

/// Seconds for one question of a clash, which asks many.
const CLASH_QUESTION_S: u32 = 2;

fn internal(e: segue_planner::SolveError) -> Failure {
    Failure::Internal(e.into())
}

/// Reads and validates a document; sealed points take the place of the model's preferences.
pub fn open(value: Value) -> Result<PlanFile, Failure> {
    let bad = |what: String| Failure::BadInput(what);
    let bare = value.get("model").is_none();
    let value = if bare {
        json!({ "model": value })
    } else {
        value
    };
    let mut file: PlanFile = serde_json::from_value(value)
        .map_err(|e| bad(format!("{e}; docs/operations.md has a model to start from")))?;
    if let Some(table) = &file.table {
        file.model.preferences = table.wishes().map_err(|e| bad(e.to_string()))?;
    }
    file.model.validate().map_err(|e| bad(e.to_string()))?;
    Ok(file)
}

/// The best plan of a model, or with the list scheduler alone a good one at once.
pub fn planned(model: &Model, greedy: bool) -> Result<Option<Draft>, Failure> {
    let budget = Budget::default();
    let found = if greedy {
        draft(model, &Greedy, budget)
    } else {
        draft(model, &Highs, budget)
    };
    found.map_err(internal)
}

/// `plan draft`: the best plan, or why there is none.
pub fn drafted(file: &PlanFile, greedy: bool, ics: Option<&Path>, now: Timestamp) -> Answered {
    let Some(found) = planned(&file.model, greedy)? else {
        return no_plan(&file.model, greedy);
    };
    if let Some(path) = ics {
        let entries = calendar::entries(&file.model, &found.plan);
        write(path, &calendar::ics("Segue wave plan", &entries, now))?;
    }
    let answer = PlanAnswer::of(&file.model, &found);
    let text = answer.text();
    Ok(Answer::new(&answer, text))
}

/// What to answer instead of a plan: the clash where one is proved, else that nothing is. Exit code 5 in any case.
pub fn no_plan(model: &Model, greedy: bool) -> Answered {
    if greedy {
        let text = "The list scheduler found no plan, which proves nothing; ask without --greedy.";
        let json = json!({ "clash": [], "fixes": [], "possible": null });
        return Ok(Answer::new(&json, text).wanting_if(true));
    }
    let mut answer = explained(model)?;
    if !answer.wanting {
        answer.text = "There is a plan, and none was found within the time for what was asked; \
             fewer cells, weeks or wishes make the question easier."
            .into();
    }
    Ok(answer.wanting_if(true))
}

/// `plan check`: every rule that the plan breaks.
pub fn checked(file: &PlanFile) -> Answered {
    let plan = file.plan.as_ref().ok_or_else(|| {
        Failure::BadInput(
            "the file has a model and no `plan`; `segue plan draft --json` prints one".into(),
        )
    })?;
    let broken = checker::violations(&file.model, plan);
    let lines = broken
        .iter()
        .map(|v| format!("{} ({}): {}", v.rule, v.owner, v.text));
    let lines: Vec<_> = lines.collect();
    let text = if lines.is_empty() {
        "No rule is broken.".to_owned()
    } else {
        lines.join("\n")
    };
    Ok(Answer::new(&json!({ "violations": broken }), text).wanting_if(!broken.is_empty()))
}

/// `plan explain`: the clash and what would be enough; exit code 5 when there is one, or when nobody can say.
pub fn explained(model: &Model) -> Answered {
    let budget = Budget {
        time_limit_s: CLASH_QUESTION_S,
        ..Budget::default()
    };
    let nothing = |possible: Option<bool>, text: &str| {
        let json = json!({ "clash": [], "fixes": [], "possible": possible });
        Answer::new(&json, text).wanting_if(possible != Some(true))
    };
    Ok(
        match clash::explain(model, &Highs, budget).map_err(internal)? {
            Explained::Possible => {
                nothing(Some(true), "There is a plan: the rules can hold together.")
            }
            Explained::Unknown => nothing(
                None,
                "No plan was found within the time, and it is not proved that there is none; \
             fewer cells or weeks, or a wider limit, make the question easier.",
            ),
            Explained::Clash(clash) => {
                let mut answer = Answer::new(&clash, Clash::text(&clash)).wanting_if(true);
                answer.json["possible"] = json!(false);
                answer
            }
        },
    )
}

/// `plan negotiate`: both parties' wishes in balance.
pub fn negotiated(file: &PlanFile) -> Answered {
    let base = file.base.as_ref().map(|b| b.standing(&file.model));
    let base = base
        .transpose()
        .map_err(|e| Failure::BadInput(e.to_string()))?;
    let found =
        negotiate(&file.model, base.as_ref(), &Highs, Budget::default()).map_err(internal)?;
    match found
        .as_ref()
        .and_then(|found| NegotiationAnswer::of(&file.model, found))
    {
        None => no_plan(&file.model, false),
        Some(answer) => {
            let text = answer.text();
            Ok(Answer::new(&answer, text))
        }
    }
}

/// `plan negotiate --seal SIDE`: the commitment to hand over, and the salt to keep.
pub fn sealed(side: Side, value: Value) -> Answered {
    let preferences = value.get("preferences").cloned().unwrap_or(value);
    let preferences: Vec<Preference> = serde_json::from_value(preferences)
        .map_err(|e| Failure::BadInput(format!("preferences: {e}")))?;
    let opened = Opened {
        salt: hex::encode(random_bytes::<16>()?),
        preferences,
    };
    let commitment = seal::seal(side, &opened).map_err(|e| Failure::BadInput(e.to_string()))?;
    let text = format!(
        "Hand over now:   {}\nKeep until both are in: the file, and the salt {}\nWho runs the server could read what is typed into it; the seal holds between the parties.\n",
        commitment.0, opened.salt
    );
    Ok(Answer::new(
        &json!({ "commitment": commitment, "opened": opened }),
        text,
    ))
}

/// `plan diff --file`: the plan under the file's rules that is nearest to its base plan.
pub fn countered(file: &PlanFile) -> Answered {
    let base = file.base.as_ref().ok_or_else(|| {
        Failure::BadInput(
            "the file has no `base`: the model and plan that the counter-proposal starts from"
                .into(),
        )
    })?;
    base.validate(&file.model)
        .map_err(|e| Failure::BadInput(e.to_string()))?;
    match counter(base, &file.model, &Highs, Budget::default()).map_err(internal)? {
        // What is taken or agreed is among the rules that clash.
        None => no_plan(&settled(base, &file.model), false),
        Some(found) => {
            let answer = DiffAnswer::of(&file.model, &found);
            let text = answer.text();
            Ok(Answer::new(&answer, text))
        }
    }
}
