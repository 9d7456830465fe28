//! Servers of the S3 protocol that records are published to in the tests.

use crate::common;
use segue_calls::publish::Place;
use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server of the S3 protocol, ended with the test.
pub(crate) struct Server {
    child: Child,
    port: u16,
    pub(crate) folder: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// The real one: a bucket is a folder.
    pub(crate) fn rclone(folder: &Path) -> Option<Self> {
        let served = folder.join("served");
        std::fs::create_dir_all(served.join("bucket")).unwrap();
        Self::start("rclone", &served, |tool, port| {
            let mut command = Command::new(tool);
            command
                .args(["serve", "s3", "--auth-key", "KEY,SECRET", "--addr"])
                .arg(format!("127.0.0.1:{port}"))
                .arg(&served)
                .env("RCLONE_CONFIG", "/dev/null");
            command
        })
    }

    /// The one that heeds conditions.
    pub(crate) fn moto(folder: &Path) -> Option<Self> {
        let server = Self::start("moto_server", folder, |tool, port| {
            let mut command = Command::new(tool);
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
            command
        })?;
        let script = "import boto3, sys; boto3.client('s3', endpoint_url=sys.argv[1], aws_access_key_id='KEY', \
                    aws_secret_access_key='SECRET', region_name='us-east-1').create_bucket(Bucket='bucket')";
        let python = common::tool("python").unwrap();
        let made = Command::new(python)
            .args(["-c", script, &server.endpoint()])
            .status();
        assert!(made.unwrap().success());
        Some(server)
    }

    fn start(name: &str, folder: &Path, command: impl Fn(PathBuf, u16) -> Command) -> Option<Self> {
        let tool = common::tool(name)?;
        let port = free_port();
        let child = command(tool, port)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            child,
            port,
            folder: folder.to_owned(),
        };
        wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(server)
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn vars(&self) -> BTreeMap<String, String> {
        vars(&[
            ("AWS_ENDPOINT_URL", &self.endpoint()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "KEY"),
            ("AWS_SECRET_ACCESS_KEY", "SECRET"),
        ])
    }

    pub(crate) fn place(&self, prefix: &str) -> Place {
        Place::open(&format!("s3://bucket/{prefix}"), &self.vars()).unwrap()
    }
}

pub(crate) fn vars(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = of
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    owned.collect()
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[expect(clippy::disallowed_methods, reason = "a bound on waiting")]
fn wait_until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_mins(1), "it never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}
