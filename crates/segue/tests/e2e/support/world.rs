//! A transition from nothing to live calls, on the addresses of this test's centres: the example's people get it ready,
//! the command line takes the steps.

use super::centre::closed_port;
use super::cli::{Said, segue, segue_reading};
use super::clock::now;
use jiff::civil::date;
use segue_domain::chunks::PlannedStep;
use segue_domain::share::ShareInput;
use segue_domain::waivers::Waivable;
use segue_example::{Example, Goal, MOVES_MAX, Move};
use segue_journal::{CommandId, Desk, Request, SqlJournal, StreamId};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The chunk that goes out.
pub(crate) const CHUNK: &str = "RVS-Main/MSG";
/// The number whose calls the chunk owns.
pub(crate) const DIALLED: &str = "7001";
/// A number of a chunk that stays in-house in every test.
pub(crate) const HOME_DIALLED: &str = "7002";
/// The client's person: signs, prepares, tests, has duty.
pub(crate) const CLIENT: &str = "rvs-director";
/// The outsourcer's person.
pub(crate) const OUTSOURCER: &str = "cb-director";
/// Of both; these accounts live in a temporary directory.
pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// The client's duty PIN.
pub(crate) const PIN: &str = "73910246";

/// The split is drawn by the client's key and the transition's name. Drawn anew for every run, one run in a thousand
/// would rightly fall outside a 99.9 % interval; so the tests use one key and one name.
const CALLER_KEY: &str = "5e9a1c07b34d28f6e1730b9c42d85a6f0c97e3b1584d2a6f9e0b7c315d84a2f6";
const TRANSITION: &str = "T-e2e";

/// Where the calls of this world may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Targets {
    pub(crate) in_house: SocketAddr,
    pub(crate) outsourced: SocketAddr,
    pub(crate) last_resort: SocketAddr,
}

impl Targets {
    /// Nobody answers anywhere.
    pub(crate) fn nobody() -> Self {
        let closed = || closed_port([127, 0, 0, 2]);
        Self {
            in_house: closed(),
            outsourced: closed(),
            last_resort: closed(),
        }
    }
}

/// One transition in a temporary directory.
pub(crate) struct World {
    dir: TempDir,
    pub(crate) client: String,
    pub(crate) outsourcer: String,
}

impl World {
    /// A data directory with a person of each party, their tokens and keys.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut world = Self {
            dir,
            client: String::new(),
            outsourcer: String::new(),
        };
        segue(&world.data(), None, &["init", "--json"]).done();
        world.load_the_dice();
        let roles = ["signatory", "implementation", "test-caller", "duty"];
        world.client = world.person(CLIENT, "client", &roles, Some(PIN));
        world.outsourcer = world.person(OUTSOURCER, "outsourcer", &roles, None);
        world
    }

    /// The chunk live at the first of the agreed steps.
    pub(crate) fn live(targets: Targets, steps_percent: &[u8]) -> Self {
        Self::live_as(&story(targets, steps_percent), steps_percent)
    }

    /// The same on lines whose callers are kept apart (42 CFR Part 2).
    pub(crate) fn live_apart(targets: Targets, steps_percent: &[u8]) -> Self {
        let mut story = story(targets, steps_percent);
        for line in &mut story.create.lines {
            line.part2 = true;
        }
        Self::live_as(&story, steps_percent)
    }

    fn live_as(story: &Example, steps_percent: &[u8]) -> Self {
        let world = Self::new();
        world.walk(story, &Goal::Ready(CHUNK.into()));
        world.raise(steps_percent[0]);
        world
    }

    /// Does what the example's people do until the goal is reached, through a desk over this world's journal.
    pub(crate) fn walk(&self, example: &Example, goal: &Goal) {
        // On a thread of its own: some tests run inside a runtime already.
        let walk = || tokio::runtime::Runtime::new().map(|r| r.block_on(self.walks(example, goal)));
        let walked = std::thread::scope(|threads| threads.spawn(walk).join());
        walked.expect("the walk's own message").expect("a runtime");
    }

    async fn walks(&self, example: &Example, goal: &Goal) {
        let file = self.data().join("journal.db");
        let journal = SqlJournal::open(&file).await;
        let desk = Desk::new(journal.expect("a journal"));
        let stream = StreamId::new(TRANSITION).expect("a name");
        for n in 0..MOVES_MAX {
            let (state, now) = (desk.state(&stream).await.expect("a state"), now());
            let said = match example.next(&state, goal, now) {
                None => return,
                Some(Move::Wait(until)) => panic!("{goal:?} would take until {until}"),
                Some(Move::Say(said)) => *said,
            };
            let request = Request {
                stream: stream.clone(),
                command_id: CommandId::new(format!("walk-{goal:?}-{n}").replace([' ', '"'], ""))
                    .expect("a name"),
                actor: said.0,
                command: said.1,
                now,
            };
            let answer = desk.execute(&request).await;
            answer.unwrap_or_else(|e| panic!("{e} on the way to {goal:?}"));
        }
        panic!("no way to {goal:?}");
    }

    /// The next agreed share, approved by both.
    pub(crate) fn raise(&self, percent: u8) {
        let share = percent.to_string();
        let said = self.client(&[
            "do",
            "propose-step",
            "--chunk",
            CHUNK,
            "--share-percent",
            &share,
        ]);
        let step = said["events"][0]["step"]
            .as_str()
            .unwrap_or_else(|| panic!("a step in {said}"))
            .to_owned();
        self.both_sign(&["approve-step", "--step", &step]);
        assert_eq!(self.line()["share"], percent);
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn key(&self, person: &str) -> String {
        text(&self.path(&format!("{person}.key")))
    }

    /// The client's person does something that must succeed.
    #[track_caller]
    pub(crate) fn client(&self, args: &[&str]) -> Value {
        self.ask(Some(&self.client), args).done()
    }

    /// The outsourcer's person does.
    #[track_caller]
    pub(crate) fn outsourcer(&self, args: &[&str]) -> Value {
        self.ask(Some(&self.outsourcer), args).done()
    }

    /// Asks with a token or none; whatever the answer is.
    #[track_caller]
    pub(crate) fn ask(&self, token: Option<&str>, args: &[&str]) -> Said {
        segue(&self.data(), token, &[&["--json"], args].concat())
    }

    /// The status now.
    #[track_caller]
    pub(crate) fn status(&self) -> Value {
        self.ask(None, &["status"]).done()
    }

    /// The status less what the moment and the machine decide: the same before and after a restart.
    #[track_caller]
    pub(crate) fn standing(&self) -> Value {
        let mut status = self.status();
        let object = status.as_object_mut().expect("an object");
        object.remove("nodes");
        for line in object["lines"].as_array_mut().expect("lines") {
            line.as_object_mut().expect("an object").remove("as_of");
        }
        status
    }

    /// The row of the chunk that goes out.
    #[track_caller]
    pub(crate) fn line(&self) -> Value {
        let status = self.status();
        let rows = status["lines"].as_array().expect("lines");
        rows.iter()
            .find(|row| row["chunk"] == CHUNK)
            .unwrap_or_else(|| panic!("{CHUNK} in {status}"))
            .clone()
    }

    /// Every fact, as the export has them.
    #[track_caller]
    pub(crate) fn facts(&self, export: &str) -> Vec<Value> {
        let path = self.path(export);
        self.client(&["journal", "export", "--jsonl", &text(&path)]);
        let lines = fs::read_to_string(&path).expect("an export");
        lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect()
    }

    pub(crate) fn write(&self, name: &str, value: &Value) -> String {
        let path = self.path(name);
        fs::write(&path, value.to_string()).expect("written");
        text(&path)
    }

    fn both_sign(&self, command: &[&str]) {
        for (token, person) in [(&self.client, CLIENT), (&self.outsourcer, OUTSOURCER)] {
            self.ask(
                Some(token),
                &[&["do"], command, &["--key", &self.key(person)]].concat(),
            )
            .done();
        }
    }

    /// Somebody new with these roles; their token.
    pub(crate) fn person(
        &self,
        name: &str,
        side: &str,
        roles: &[&str],
        pin: Option<&str>,
    ) -> String {
        let key = hex::encode(segue_example::key(name).to_bytes());
        fs::write(self.key(name), key).expect("written");
        let mut add = vec!["--json", "user", "add", name, "--side", side];
        for role in roles {
            add.extend(["--role", role]);
        }
        add.extend(pin.map(|_| "--pin"));
        let input = format!("{PASSWORD}\n{}\n", pin.unwrap_or_default());
        segue_reading(&self.data(), None, &add, &input).done();
        let token = self
            .ask(None, &["user", "token", name, "--scope", "act"])
            .done();
        token["token"].as_str().expect("a token").to_owned()
    }

    fn load_the_dice(&self) {
        fs::write(self.data().join("keys/caller.key"), CALLER_KEY).expect("written");
        let settings = self.data().join("segue.toml");
        let text = fs::read_to_string(&settings).expect("settings");
        let own: Vec<_> = text
            .lines()
            .map(|line| {
                if line.starts_with("transition") {
                    format!("transition = \"{TRANSITION}\"")
                } else {
                    line.to_owned()
                }
            })
            .collect();
        fs::write(&settings, own.join("\n")).expect("written");
    }
}

/// The shipped example between these addresses, with the chunk's ramp already due.
fn story(targets: Targets, steps_percent: &[u8]) -> Example {
    let mut example = Example::riverside();
    let create = serde_json::to_string(&example.create).expect("JSON");
    let create = create.replace("127.0.0.2:5060", &targets.in_house.to_string());
    let create = create.replace("127.0.0.3:5060", &targets.outsourced.to_string());
    let create = create.replace("127.0.0.4:5060", &targets.last_resort.to_string());
    example.create = serde_json::from_str(&create).expect("the same facts");
    let step = |percent: &u8| PlannedStep {
        share_percent: ShareInput::percent(*percent),
        from: date(2026, 1, 5),
    };
    let steps = steps_percent.iter().map(step).collect();
    example.with(CHUNK, |chunk| chunk.steps = steps).waiving(&[
        Waivable::Rush,
        Waivable::MassCutover,
        Waivable::ChangeFreeze,
    ])
}

fn text(path: &Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}
