//! `bench_planner write FILE single|large SEED` writes a model; `bench_planner solve FILE` solves it and prints one line of
//! JSON; `bench_planner check FILE PLAN` passes a plan of another solver through the checker; `bench_planner cases` times the
//! other targets. `scripts/bench-planner` runs all of it beside CP-SAT.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench reads the clock and prints what it measured"
)]

#[path = "shared/generator.rs"]
mod generator;

use generator::{Size, model};
use segue_planner::clash::{Explained, explain};
use segue_planner::counter::{Base, Counter, counter};
use segue_planner::negotiate::{Negotiation, negotiate};
use segue_planner::{
    Budget, Draft, Goal, Greedy, Highs, Limit, Model, Outcome, Owner, Rule, Scope, Solver, Task,
    WavePlan, Weights, draft,
};
use serde_json::json;
use std::error::Error;
use std::time::Instant;

/// What a week until the end costs beside a unit of dual-running cost.
const WEIGHTS: Weights = Weights {
    risk: 0,
    week: 40,
    dual_cost: 1,
};

/// When a counter-proposal is asked for.
const NOW_WEEK: u32 = 6;
/// The generator's models have one.
const NO_PLAN: &str = "the model has no plan";

type Done = Result<(), Box<dyn Error>>;

fn main() -> Done {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["write", file, "single", seed] => write(file, Size::SINGLE, seed.parse()?),
        ["write", file, "large", seed] => write(file, Size::LARGE, seed.parse()?),
        ["solve", file] => solve(&read(file)?, 300),
        ["solve", file, limit] => solve(&read(file)?, limit.parse()?),
        ["check", file, plan] => check(&read(file)?, plan),
        ["cases"] => cases(),
        _ => Err("write FILE single|large SEED | solve FILE | check FILE PLAN | cases".into()),
    }
}

fn write(file: &str, size: Size, seed: u64) -> Done {
    let model = model(size, seed);
    model.validate()?;
    let text = json!({ "model": model, "weights": WEIGHTS });
    Ok(std::fs::write(file, serde_json::to_string(&text)?)?)
}

fn read(file: &str) -> Result<Model, Box<dyn Error>> {
    let text: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    Ok(serde_json::from_value(text["model"].clone())?)
}

fn solve(model: &Model, time_limit_s: u32) -> Done {
    let goal = Goal::weighted(model, WEIGHTS);
    let begin = Instant::now();
    // Half of the tolerated percent: what HiGHS calls 0.5 % is within 1 % of any optimum.
    let budget = Budget {
        time_limit_s,
        gap_bp: 50,
        seed: 1,
    };
    let greedy = Greedy.solve(&Task::new(model, &goal, budget))?;
    let greedy_s = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    let outcome = Highs.solve(&Task::new(model, &goal, budget))?;
    let wall_s = begin.elapsed().as_secs_f64();
    let greedy = greedy.planned().map(|s| s.value);
    let answer = match outcome {
        Outcome::Planned(s) => json!({
            "objective": s.value, "gap": s.gap, "wall_s": wall_s, "weeks": s.plan.length_weeks(),
            "greedy": greedy, "greedy_s": greedy_s,
        }),
        other => {
            json!({ "outcome": format!("{other:?}"), "wall_s": wall_s, "greedy": greedy, "greedy_s": greedy_s })
        }
    };
    println!("{answer}");
    Ok(())
}

fn check(model: &Model, plan: &str) -> Done {
    let plan: WavePlan = serde_json::from_str(&std::fs::read_to_string(plan)?)?;
    let goal = Goal::weighted(model, WEIGHTS);
    let broken = segue_planner::checker::violations(model, &plan);
    println!(
        "{}",
        json!({ "objective": goal.value(&plan), "violations": broken })
    );
    Ok(())
}

/// Prints how long a question took, with what it found.
fn timed<T>(
    case: &str,
    ask: impl FnOnce() -> Result<T, Box<dyn Error>>,
    found: impl Fn(&T) -> String,
) -> Result<T, Box<dyn Error>> {
    let begin = Instant::now();
    let answer = ask()?;
    let wall_s = begin.elapsed().as_secs_f64();
    println!(
        "{}",
        json!({ "case": case, "wall_s": wall_s, "found": found(&answer) })
    );
    Ok(answer)
}

fn cases() -> Done {
    let single = model(Size::SINGLE, 1);
    let large = model(Size::LARGE, 1);
    let told = |d: &Draft| format!("{} weeks, gap {:?}", d.weeks, d.gap);
    let base = timed(
        "single site, all goals in their order",
        || Ok(draft(&single, &Highs, Budget::default())?.ok_or(NO_PLAN)?),
        told,
    )?;
    clashes(&single, &large)?;
    counters(&single, base.plan, &large)?;
    let found = |n: &Option<Negotiation>| {
        n.as_ref().map_or("no plan".into(), |n| {
            let fairest = &n.plans[0];
            format!(
                "{} plans, client {:.3}, outsourcer {:.3}, gap {:?}",
                n.plans.len(),
                fairest.client.ratio,
                fairest.outsourcer.ratio,
                n.gap
            )
        })
    };
    for (case, model) in [
        ("negotiation, single site", &single),
        ("negotiation, large model", &large),
    ] {
        let ask = || Ok(negotiate(model, None, &Highs, Budget::default())?);
        timed(case, ask, found)?;
    }
    Ok(())
}

/// One rule against itself, and rules of several owners against each other, with two seconds for each question.
fn clashes(single: &Model, large: &Model) -> Done {
    let budget = Budget {
        time_limit_s: 2,
        ..Budget::default()
    };
    let named = |e: &Explained| match e {
        Explained::Clash(clash) => clash.text(),
        other => format!("{other:?}"),
    };
    // The week of a lease that ends before a plan can.
    for (name, model, week) in [("single", single, 8), ("large", large, 13)] {
        // The outsourcer hires nobody after week 4: no plan.
        let mut hired = model.clone();
        for rule in &mut hired.rules {
            if let Limit::Headcount { people } = &mut rule.limit {
                people.truncate(3);
            }
        }
        // Every cell has to be moved by a week that the outsourcer's people, classes and testers do not allow.
        let mut hurried = model.clone();
        hurried.rules.push(client(
            "LEASE",
            "the building is given back",
            Limit::NotAfter { week },
        ));
        for (what, asked) in [("one rule", hired), ("several rules", hurried)] {
            timed(
                &format!("clash of {what}, {name} model"),
                || Ok(explain(&asked, &Highs, budget)?),
                named,
            )?;
        }
    }
    Ok(())
}

/// A freeze of the client in the week after now that has the most steps.
fn counters(single: &Model, drafted: WavePlan, large: &Model) -> Done {
    let goal = Goal::weighted(large, WEIGHTS);
    let planned = Greedy.solve(&Task::new(large, &goal, Budget::default()))?;
    let planned = planned.planned().ok_or(NO_PLAN)?.plan;
    for (name, model, plan) in [("single", single, drafted), ("large", large, planned)] {
        let steps = |week: u32| plan.weeks.iter().flatten().filter(|w| **w == week).count();
        let week = (NOW_WEEK + 2..model.weeks)
            .max_by_key(|w| steps(*w))
            .unwrap_or(NOW_WEEK);
        let base = Base {
            model: model.clone(),
            plan,
            now_week: NOW_WEEK,
            agreed_before_week: NOW_WEEK + 1,
        };
        let mut changed = model.clone();
        changed.rules.push(client(
            "NEW-FREEZE",
            "the record system is upgraded",
            Limit::Blackout {
                first: week,
                last: week,
            },
        ));
        let found = |c: &Option<Counter>| {
            c.as_ref().map_or("no plan".into(), |c| {
                format!("{} dates move, gap {:?}", c.changes.len(), c.gap)
            })
        };
        timed(
            &format!("counter-proposal, {name} model"),
            || Ok(counter(&base, &changed, &Highs, Budget::default())?),
            found,
        )?;
    }
    Ok(())
}

fn client(id: &str, text: &str, limit: Limit) -> Rule {
    Rule {
        id: id.into(),
        owner: Owner::Client,
        text: text.into(),
        limit,
        scope: Scope::default(),
    }
}
