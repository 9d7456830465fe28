//! The real binary, run once per command, as a person or a script runs it.

use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// What one command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// The one JSON document on standard output; anything else beside it fails the test.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("exactly one JSON document, {e}: {self:?}"))
    }

    /// The JSON of a command that must succeed.
    #[track_caller]
    pub(crate) fn done(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        self.json()
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

/// The binary with a data directory, ready for arguments. Nothing of the tester's own logins or settings leaks in.
pub(crate) fn binary(data: &Path, token: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_segue"));
    command
        .arg("--data")
        .arg(data)
        .env_remove("SEGUE_DATA")
        .env_remove("SEGUE_TOKEN")
        .env_remove("SEGUE_LOG");
    command
        .env_remove("XDG_STATE_HOME")
        .env("HOME", data.parent().expect("a folder above"));
    if let Some(token) = token {
        command.env("SEGUE_TOKEN", token);
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs one command to its end.
#[track_caller]
pub(crate) fn segue(data: &Path, token: Option<&str>, args: &[&str]) -> Said {
    segue_reading(data, token, args, "")
}

/// Runs one command that reads standard input.
#[track_caller]
pub(crate) fn segue_reading(data: &Path, token: Option<&str>, args: &[&str], input: &str) -> Said {
    let mut child = spawn(data, token, args);
    // A command that ends without reading closes the pipe: its answer is what counts.
    let _ = child
        .stdin
        .take()
        .expect("piped")
        .write_all(input.as_bytes());
    child.wait_with_output().expect("the command ends").into()
}

/// Starts one command.
#[track_caller]
pub(crate) fn spawn(data: &Path, token: Option<&str>, args: &[&str]) -> Child {
    binary(data, token)
        .args(args)
        .spawn()
        .expect("the binary starts")
}
