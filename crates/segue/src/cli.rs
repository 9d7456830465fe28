//! What people type. The contract of flags and JSON keys is kept by the tests of each command.

use crate::commands;
use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use std::path::PathBuf;

/// The data directory when none is named.
pub const DATA_DEFAULT: &str = "segue-data";

/// Moves a healthcare call centre's calls to an outsourced centre: agree together, test first, move in small
/// steps, prove the quality, bring every call home at once.
#[derive(Debug, Parser)]
#[command(name = "segue", version, arg_required_else_help = true)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Whether the answer is to be JSON; `segue do` also takes `--json` behind the command's fields.
    pub fn wants_json(&self) -> bool {
        let behind = matches!(&self.command, Command::Do(command) if command.has_json());
        self.global.json || behind
    }
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Data directory
    #[arg(
        long,
        global = true,
        env = "SEGUE_DATA",
        default_value = DATA_DEFAULT,
        value_name = "DIR"
    )]
    pub data: PathBuf,
    /// Answer with exactly one JSON document on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Who acts; authenticated by `segue login` or `SEGUE_TOKEN`
    #[arg(long = "as", global = true, value_name = "USER")]
    pub as_user: Option<String>,
    /// The time that counts, only for data made with `segue init --simulated-clock`
    #[arg(long, global = true, value_name = "INSTANT")]
    pub at: Option<Timestamp>,
    /// Makes a retry of the same command harmless
    #[arg(long, global = true, value_name = "ID")]
    pub command_id: Option<String>,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a data directory for one transition
    Init(commands::init::Init),
    /// Where everything stands: phase, nodes, lines, shares, door
    Status(commands::status::Status),
    /// Show a board: gates, schedule, people, issues … (without a name: which there are)
    Show(commands::show::Show),
    /// Run a domain command by its name (`segue do --list`)
    Do(commands::do_::Do),
    /// Print the JSON schema of every domain command
    Schema,
    /// Bring calls home
    Fallback(commands::fallback::Fallback),
    /// Drill the way home with the clock running, and record the time of return
    Drill(commands::drill::Drill),
    /// Write the printed runbook: one page that needs nothing else
    Runbook(commands::runbook::RunbookCommand),
    /// Versions of the plan
    #[command(subcommand)]
    Plan(commands::plan::Plan),
    /// Rosters, licences, training and the like from a file, through the desk
    Import(commands::import::Import),
    /// Call records: sniff, import, quarantine, baseline, discover
    Calls(commands::calls::CallsCommand),
    /// Agents needed: one question, or every interval from the imported calls
    #[command(subcommand)]
    Capacity(commands::capacity::Capacity),
    /// Is the way home really open? Readiness by group
    Door(commands::door::DoorCommand),
    /// Play scripts that a director of access can read, on virtual time, through the real command layer
    #[command(subcommand)]
    Scenario(commands::scenario::Scenario),
    /// Play the plan on a simulated clock with call records, beside no move and a mass cutover
    Rehearse(commands::rehearse::Rehearse),
    /// Orders for carriers, clouds and PBXs that cannot ask: compile, record, prove
    #[command(subcommand)]
    Route(commands::route::RouteCommand),
    /// Run SIP, pages and clock in one process
    Serve(Box<commands::serve::Serve>),
    /// The whole thing on example data, with real calls on this machine
    Demo(commands::demo::DemoCommand),
    /// Why one call went where it went
    Explain(commands::explain::Explain),
    /// Check or export the journal
    #[command(subcommand)]
    Journal(commands::journal::Journal),
    /// Daily checkpoints of the journal that both parties sign and keep: take, sign, check
    #[command(subcommand)]
    Checkpoint(commands::checkpoint::Checkpoint),
    /// Move facts, call facts and people to a PostgreSQL server, verified
    Migrate(commands::migrate::Migrate),
    /// Accounts
    #[command(subcommand)]
    User(commands::user::User),
    /// Log in on this machine for twelve hours; the password is read from standard input
    Login(commands::user::Login),
    /// Does a place of the outsourcer's reach the client's systems? Ask, and try it there with a one-time token
    #[command(subcommand)]
    Probe(commands::probe::Probe),
    /// Place test calls
    #[command(subcommand)]
    Trial(commands::trial::Trial),
    /// Check this data directory: what works, what does not, what to do next
    Doctor(commands::doctor::Doctor),
    /// Same or better? Counts against margins, the evidence budget, period reports
    #[command(subcommand)]
    Parity(commands::parity::Parity),
    /// Preview the hours of a shift window, across daylight saving
    #[command(subcommand)]
    Windows(commands::windows::Windows),
    /// Check whether a nurse's licences reach a patient's state
    #[command(subcommand)]
    Licence(commands::licence::Licence),
    /// Make and show signing keys
    #[command(subcommand)]
    Key(commands::key::Key),
}
