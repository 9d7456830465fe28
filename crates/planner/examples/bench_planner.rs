//! `bench_planner write FILE [SEED]` writes the large model; `bench_planner solve FILE` solves it and prints one line of
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
use segue_planner::{Budget, Draft, Goal, Greedy, Highs, Model, Outcome, Solver, Task, WavePlan, Weights};
use serde_json::json;
use std::error::Error;
use std::time::Instant;

/// What a week until the end costs beside a unit of dual-running cost.
const WEIGHTS: Weights = Weights { risk: 0, week: 40, dual_cost: 1 };

type Done = Result<(), Box<dyn Error>>;

fn main() -> Done {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["write", file] => write(file, 1),
        ["write", file, seed] => write(file, seed.parse()?),
        ["solve", file] => solve(&read(file)?, 300),
        ["solve", file, limit] => solve(&read(file)?, limit.parse()?),
        ["check", file, plan] => check(&read(file)?, plan),
        ["cases"] => cases(),
        _ => Err("write FILE [SEED] | solve FILE | check FILE PLAN | cases".into()),
    }
}

fn write(file: &str, seed: u64) -> Done {
    let model = model(Size::LARGE, seed);
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
    let budget = Budget { time_limit_s, gap_bp: 50, seed: 1 };
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
        other => json!({ "outcome": format!("{other:?}"), "wall_s": wall_s, "greedy": greedy, "greedy_s": greedy_s }),
    };
    println!("{answer}");
    Ok(())
}

fn check(model: &Model, plan: &str) -> Done {
    let plan: WavePlan = serde_json::from_str(&std::fs::read_to_string(plan)?)?;
    let goal = Goal::weighted(model, WEIGHTS);
    let broken = segue_planner::checker::violations(model, &plan);
    println!("{}", json!({ "objective": goal.value(&plan), "violations": broken }));
    Ok(())
}

fn cases() -> Done {
    let single = model(Size::SINGLE, 1);
    let begin = Instant::now();
    let draft: Option<Draft> = segue_planner::draft(&single, &Highs, Budget::default())?;
    let wall_s = begin.elapsed().as_secs_f64();
    let found = draft.ok_or("the single-site model has no plan")?;
    println!("{}", json!({ "case": "single site, all goals", "wall_s": wall_s, "weeks": found.weeks, "gap": found.gap }));
    Ok(())
}
