//! A PostgreSQL server of a test's own: a fresh cluster in a temporary directory, reached by a Unix socket alone.
//!
//! Where PostgreSQL is missing a test prints SKIPPED; with `SEGUE_REQUIRE_PEERS=1` it fails. Only the process that was
//! started here is ever signalled.

use segue_journal::Place;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Steps of 20 ms that a server may take to answer or to end.
const PATIENCE_STEPS: u32 = 1_500;

pub(crate) struct Postgres {
    directory: tempfile::TempDir,
    server: Option<Child>,
}

impl Postgres {
    /// A running server with an empty database; `None` where PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Self> {
        let Some(initdb) = program("initdb") else {
            assert!(
                std::env::var_os("SEGUE_REQUIRE_PEERS").is_none(),
                "PostgreSQL is required; run scripts/setup test"
            );
            let said = "SKIPPED: no PostgreSQL; install postgresql\n";
            std::io::Write::write_all(&mut std::io::stdout(), said.as_bytes()).unwrap();
            return None;
        };
        let directory = tempfile::Builder::new()
            .prefix("segue-pg")
            .tempdir_in("/tmp")
            .unwrap();
        if is_root() {
            // PostgreSQL refuses to run as root.
            let owner = Command::new("chown")
                .arg("postgres")
                .arg(directory.path())
                .status();
            assert!(owner.unwrap().success());
        }
        let made = as_server(&initdb)
            .args([
                "--username=segue",
                "--auth=trust",
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg("-D")
            .arg(directory.path().join("data"))
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success(), "initdb failed");
        let mut postgres = Self {
            directory,
            server: None,
        };
        postgres.run();
        Some(postgres)
    }

    /// Where Segue finds it.
    pub(crate) fn url(&self) -> String {
        let socket = self.directory.path().display();
        format!("postgres://segue@localhost/postgres?host={socket}")
    }

    /// A new, empty database on it.
    pub(crate) async fn database(&self, story: &str) -> Place {
        // Names are cut at 63 bytes.
        let name: String = story.chars().take(60).collect();
        let mut server = PgConnection::connect(&self.url()).await.unwrap();
        let statement = AssertSqlSafe(format!("create database {name}"));
        server.execute(sqlx::raw_sql(statement)).await.unwrap();
        server.close().await.unwrap();
        Place::server(&self.url().replace("/postgres?", &format!("/{name}?"))).unwrap()
    }

    /// Starts the server over its data and waits until it answers.
    pub(crate) fn run(&mut self) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .unwrap();
        let server = as_server(&program("postgres").unwrap())
            .arg("-D")
            .arg(self.directory.path().join("data"))
            .arg("-k")
            .arg(self.directory.path())
            .args([
                "-c",
                "listen_addresses=",
                "-c",
                "shared_buffers=16MB",
                "-c",
                "max_connections=60",
            ])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.server = Some(server.unwrap());
        for _ in 0..PATIENCE_STEPS {
            if self.answers() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        panic!("PostgreSQL did not answer:\n{log}");
    }

    /// Kills the server at once, as a power cut would; what runs inside it ends by itself.
    pub(crate) fn kill(&mut self) {
        let mut server = self.server.take().unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
        // Its children notice, and hold the directory's lock until they are gone.
        std::thread::sleep(Duration::from_millis(300));
        let _ = std::fs::remove_file(self.directory.path().join(".s.PGSQL.5432.lock"));
    }

    /// Ends it in order; open connections are cut.
    pub(crate) fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let pid = server.id().to_string();
            let _ = Command::new("kill").args(["-s", "INT", &pid]).status();
            let _ = server.wait();
        }
    }

    fn log(&self) -> PathBuf {
        // Outside the cluster: written by whoever runs the test.
        self.directory.path().join("server.log")
    }

    fn answers(&self) -> bool {
        let asked = Command::new(program("pg_isready").unwrap_or_else(|| "pg_isready".into()))
            .arg("-h")
            .arg(self.directory.path())
            .stdout(Stdio::null())
            .status();
        asked.is_ok_and(|status| status.success())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.starts_with(b"0")
}

/// The program as a user who may run a server.
fn as_server(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        .arg(program)
        .current_dir("/");
    command
}

/// Debian keeps the server's programs out of the path.
fn program(name: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut found: Vec<_> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin").join(name)))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&paths).map(|folder| folder.join(name));
    found
        .pop()
        .or_else(|| in_path.into_iter().find(|path| path.exists()))
}
