//! Authorities and certificates of the tests, made by openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What a certificate is issued for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// A server named `localhost`.
    Server,
    /// A client.
    Client,
    /// A client, until yesterday.
    Expired,
}

/// Who issues certificates.
pub(crate) struct Authority {
    folder: TempDir,
    pub(crate) certificate: PathBuf,
}

/// A certificate and its key.
pub(crate) struct Issued {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

fn openssl(folder: &Path, args: &[&str]) -> String {
    let made = Command::new("openssl")
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("openssl runs");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "openssl {args:?}: {said}");
    String::from_utf8(made.stdout).expect("text")
}

/// A new key on this curve, unlocked.
const KEY: [&str; 5] = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
];

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let subject = format!("/CN={name}");
        let make = [
            "req", "-x509", "-days", "2", "-subj", &subject, "-keyout", "ca.key", "-out", "ca.pem",
        ];
        openssl(folder.path(), &[&make[..], &KEY].concat());
        let certificate = folder.path().join("ca.pem");
        Self {
            folder,
            certificate,
        }
    }

    pub(crate) fn issue(&self, name: &str, made: Made) -> Issued {
        let folder = self.folder.path();
        let [subject, key, request, certificate, more] = [
            format!("/CN={name}"),
            format!("{name}.key"),
            format!("{name}.csr"),
            format!("{name}.pem"),
            format!("{name}.ext"),
        ];
        let (usage, days) = match made {
            Made::Server => ("serverAuth", "2"),
            Made::Client => ("clientAuth", "2"),
            Made::Expired => ("clientAuth", "-1"),
        };
        let extensions = format!("subjectAltName=DNS:{name}\nextendedKeyUsage={usage}\n");
        fs::write(folder.join(&more), extensions).expect("written");
        let ask = [
            "req", "-new", "-subj", &subject, "-keyout", &key, "-out", &request,
        ];
        openssl(folder, &[&ask[..], &KEY].concat());
        openssl(
            folder,
            &[
                "x509",
                "-req",
                "-in",
                &request,
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                days,
                "-extfile",
                &more,
                "-out",
                &certificate,
            ],
        );
        Issued {
            certificate: folder.join(certificate),
            key: folder.join(key),
        }
    }
}

impl Issued {
    /// As openssl prints it: `AB:CD:…`.
    pub(crate) fn fingerprint(&self) -> String {
        let file = self.certificate.display().to_string();
        let said = openssl(
            Path::new("/"),
            &["x509", "-noout", "-fingerprint", "-sha256", "-in", &file],
        );
        let (_, fingerprint) = said.trim().split_once('=').expect("a fingerprint");
        fingerprint.to_owned()
    }
}

/// Options of `segue serve` for a route door that speaks TLS and believes an authority's clients.
pub(crate) fn door_options(server: &Issued, clients: &Authority) -> [String; 6] {
    let path = |path: &Path| path.display().to_string();
    [
        "--route-tls-cert".to_owned(),
        path(&server.certificate),
        "--route-tls-key".to_owned(),
        path(&server.key),
        "--route-tls-ca".to_owned(),
        path(&clients.certificate),
    ]
}
