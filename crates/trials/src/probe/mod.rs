//! Probes run at a place of the outsourcer's: does this machine, on this network, reach the client's systems? (`domain.md` A27)
//!
//! Nothing is believed that was not seen: a name resolves, a certificate is believed by this machine's own authorities, a status or
//! a capability statement is read, a phone registers. Name and password are shown only to hosts that the person at this machine
//! names, and to pages only over https: whoever wrote the token chooses what is tried, not who learns a password.

mod register;
mod web;

pub use register::register;
pub use web::{PageAnswer, Trust, TrustError, ask};

use segue_domain::resource_probes::{ProbeCheck, ProbeOutcome, ProbeResult};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long one check may take.
const CHECK_WAIT: Duration = Duration::from_secs(10);
/// Longest sentence about what was seen.
const SAID_CHARS_MAX: usize = 200;

/// Who logs in, where a check asks for it.
#[derive(Clone)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
    /// Hosts that may learn both.
    pub at: Vec<String>,
}

impl Login {
    /// Whether this host was named.
    fn is_for(&self, host: &str) -> bool {
        let named = |named: &String| web::bare(named).eq_ignore_ascii_case(web::bare(host));
        self.at.iter().any(named)
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login(…)")
    }
}

/// What one check saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whether it was as it should be.
    pub outcome: ProbeOutcome,
    /// What was seen, in words.
    pub said: String,
}

impl Seen {
    fn reached(said: impl Into<String>) -> Self {
        Self {
            outcome: ProbeOutcome::Reached,
            said: said.into(),
        }
    }

    fn failed(said: impl Into<String>) -> Self {
        Self {
            outcome: ProbeOutcome::Failed,
            said: said.into(),
        }
    }

    fn not_tried(said: impl Into<String>) -> Self {
        Self {
            outcome: ProbeOutcome::NotTried,
            said: said.into(),
        }
    }
}

/// What a probe has at hand.
#[derive(Debug)]
pub struct Prober {
    /// Whose certificates are believed.
    pub trust: Trust,
    /// Who logs in; without it what needs a login is not tried.
    pub login: Option<Login>,
    /// Makes tags and branches of a registration its own.
    pub seed: u64,
}

impl Prober {
    /// Tries one thing.
    pub async fn run(&self, check: &ProbeCheck) -> ProbeResult {
        let started = Instant::now();
        let seen = timeout(CHECK_WAIT, self.check(check)).await;
        let took = started.elapsed();
        let seen = seen.unwrap_or_else(|_| {
            Seen::failed(format!("no answer within {} s", CHECK_WAIT.as_secs()))
        });
        ProbeResult {
            outcome: seen.outcome,
            took_ms: u32::try_from(took.as_millis()).ok(),
            said: plain(&seen.said),
        }
    }

    async fn check(&self, check: &ProbeCheck) -> Seen {
        match check {
            ProbeCheck::Dns { host } => match web::resolve(host, 443).await {
                Ok(addresses) => {
                    let shown: Vec<_> = addresses
                        .iter()
                        .take(4)
                        .map(|a| a.ip().to_string())
                        .collect();
                    Seen::reached(format!("resolves to {}", shown.join(", ")))
                }
                Err(why) => Seen::failed(why),
            },
            ProbeCheck::Tls { host, port } => match web::tls(&self.trust, host, *port).await {
                Ok((_, version)) => Seen::reached(format!("certificate believed, {version}")),
                Err(why) => Seen::failed(why),
            },
            ProbeCheck::Http { url, status } => {
                match web::get(&self.trust, url, "*/*", self.login.as_ref()).await {
                    Ok(answer) if answer.status == *status => {
                        Seen::reached(format!("status {status}"))
                    }
                    Ok(answer) => {
                        Seen::failed(format!("{}, expected {status}", answer.status_said()))
                    }
                    Err(why) => Seen::failed(why),
                }
            }
            ProbeCheck::FhirMetadata { url } => self.fhir(url).await,
            ProbeCheck::SipRegister { registrar } => {
                register(registrar, self.login.as_ref(), self.seed).await
            }
        }
    }

    /// A server that says what it can do is one (FHIR R4 §3.1.0.9).
    async fn fhir(&self, url: &str) -> Seen {
        let url = format!("{}/metadata", url.trim_end_matches('/'));
        let accept = "application/fhir+json";
        let answer = match web::get(&self.trust, &url, accept, self.login.as_ref()).await {
            Ok(answer) if answer.status == 200 => answer,
            Ok(answer) => return Seen::failed(answer.status_said()),
            Err(why) => return Seen::failed(why),
        };
        let Ok(read) = serde_json::from_slice::<serde_json::Value>(&answer.body) else {
            return Seen::failed("the answer is no JSON");
        };
        if read["resourceType"] != "CapabilityStatement" {
            return Seen::failed("the answer is no CapabilityStatement");
        }
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("unknown").to_owned();
        Seen::reached(format!(
            "FHIR {}, {}",
            text(&read["fhirVersion"]),
            text(&read["software"]["name"])
        ))
    }
}

/// Sends a report to the node; what it answered.
///
/// # Errors
/// Why it could not be sent, or the node's own words.
pub async fn post(trust: &Trust, url: &str, body: Vec<u8>) -> Result<String, String> {
    let sent = timeout(CHECK_WAIT, web::post(trust, url, body)).await;
    let answer = sent.map_err(|_| "no answer in time".to_owned())??;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    if (200..300).contains(&answer.status) {
        Ok(text)
    } else {
        Err(format!("status {}: {}", answer.status, plain(&text)))
    }
}

/// One line of printable characters, not too long.
fn plain(said: &str) -> String {
    let printable = said.chars().map(|c| if c.is_control() { ' ' } else { c });
    let text: String = printable.take(SAID_CHARS_MAX).collect();
    if text.trim().is_empty() {
        "nothing was said".to_owned()
    } else {
        text
    }
}
