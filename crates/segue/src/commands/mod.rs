//! One file per command: its options, its run, its answer.

pub mod calls;
pub mod capacity;
pub mod checkpoint;
pub mod demo;
pub mod do_;
pub mod doctor;
pub mod door;
pub mod drill;
pub mod explain;
pub mod fallback;
pub mod fields;
pub mod import;
pub mod init;
pub mod journal;
mod keeper;
pub mod key;
pub mod licence;
pub mod migrate;
mod outside;
pub mod parity;
pub mod plan;
pub mod probe;
pub mod rehearse;
pub mod route;
pub mod runbook;
pub mod scenario;
pub mod serve;
pub mod show;
pub mod status;
pub mod trial;
pub mod user;
pub mod windows;

use crate::cli::{Cli, Command};
use crate::output::Answered;

/// Runs what was typed.
pub fn run(cli: Cli) -> Answered {
    let global = &cli.global;
    match cli.command {
        Command::Init(init) => init.run(global),
        Command::Status(_) => status::Status::run(global),
        Command::Show(show) => show.run(global),
        Command::Do(command) => command.run(global),
        Command::Schema => Ok(do_::schema()),
        Command::Fallback(fallback) => fallback.run(global),
        Command::Drill(drill) => drill.run(global),
        Command::Runbook(runbook) => runbook.run(global),
        Command::Parity(parity) => parity.run(global),
        Command::Plan(plan) => plan.run(global),
        Command::Probe(probe) => probe.run(global),
        Command::Import(import) => import.run(global),
        Command::Calls(calls) => calls.run(global),
        Command::Capacity(capacity) => capacity.run(global),
        Command::Door(door) => door.run(global),
        Command::Scenario(scenario) => scenario.run(),
        Command::Rehearse(rehearse) => rehearse.run(global),
        Command::Route(route) => route.run(global),
        Command::Serve(serve) => serve.run(global),
        Command::Demo(demo) => demo.run(global),
        Command::Explain(explain) => explain.run(global),
        Command::Migrate(migrate) => migrate.run(global),
        Command::Journal(journal) => journal.run(global),
        Command::Checkpoint(checkpoint) => checkpoint.run(global),
        Command::User(user) => user.run(global),
        Command::Login(login) => login.run(global),
        Command::Trial(trial) => trial.run(global),
        Command::Doctor(_) => doctor::Doctor::run(global),
        Command::Windows(windows) => windows.run(),
        Command::Licence(licence) => licence.run(global),
        Command::Key(key) => key.run(global),
    }
}
