//! `segue probe`: asks a place of the outsourcer's to try the way to the client's systems, and tries it there with a one-time token.

use crate::cli::Global;
use crate::clock;
use crate::context::Context;
use crate::data_dir::{random_bytes, write_private};
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use segue_domain::ids::{ProbeId, TransitionId};
use segue_domain::resource_probes::{
    AskProbe, ProbeOutcome, ProbeResult, ProbeTarget, ReportProbe, signed_report,
};
use segue_trials::probe::{Login, Prober, Trust, post};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};

/// What a token begins with, so that nobody takes it for something else.
const TOKEN_PREFIX: &str = "segue-probe-1.";
/// The password of whoever logs in at the place; never on a command line.
const PASSWORD_VARIABLE: &str = "SEGUE_PROBE_PASSWORD";

/// `segue probe …`
#[derive(Debug, Subcommand)]
pub enum Probe {
    /// Ask a place to try: prints the one-time token to be run there
    Ask(Ask),
    /// Try everything the token asks for on this machine; needs no data directory and no account
    Run(Run),
}

/// Options of `segue probe ask`.
#[derive(Debug, Args)]
pub struct Ask {
    /// Where it is to be run: "CareBridge Manila, floor 3"
    #[arg(long)]
    place: String,
    /// What is tried: a JSON list of `{"resource", "check": "dns|tls|http|fhir_metadata|sip_register", …}`
    #[arg(long, value_name = "FILE")]
    targets: PathBuf,
    /// Where the place reaches this server's pages: the result is sent there
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// How long the token is good for, hours
    #[arg(long, default_value_t = 24)]
    valid_hours: u32,
}

/// Options of `segue probe run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The token, or a file that holds it
    token: String,
    /// The agent's own name, where a check logs in; the password is read from `SEGUE_PROBE_PASSWORD`
    #[arg(long, value_name = "NAME", requires = "login_at")]
    user: Option<String>,
    /// A host that may learn name and password; pages only over https. Once for each host
    #[arg(long, value_name = "HOST", requires = "user")]
    login_at: Vec<String>,
    /// Certificate authorities besides this machine's own, PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Also write the signed result to a file, to be handed in with `segue do report-probe --file FILE`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What travels to the place.
#[derive(Serialize, Deserialize)]
struct Token {
    transition: TransitionId,
    probe: ProbeId,
    secret: String,
    targets: Vec<ProbeTarget>,
    until: Timestamp,
    url: Option<String>,
}

impl Probe {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        match self {
            Self::Ask(ask) => ask.run(global),
            Self::Run(run) => run.run(),
        }
    }
}

impl Ask {
    fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        let targets: Vec<ProbeTarget> = read_json(&self.targets)?;
        let secret = random_bytes::<32>()?;
        let public_key = hex::encode(SigningKey::from_bytes(&secret).verifying_key().to_bytes());
        block_on(async {
            let office = Office::open(&ctx.data).await?;
            let actor = login::actor(&ctx).await?;
            let command = AskProbe {
                place: self.place.clone(),
                public_key: public_key.clone(),
                targets,
                valid_hours: self.valid_hours,
            };
            office.execute(&ctx, &actor, command.into()).await?;
            let t = office.state().await?;
            let mut known = t.probes.all.values().map(|probe| &probe.asked);
            let asked = known.find(|asked| asked.public_key == public_key);
            let asked = asked.ok_or_else(|| {
                Failure::BadInput(
                    "this command id was used before; its token was printed then and is kept nowhere".into(),
                )
            })?;
            let token = Token {
                transition: t.id.clone(),
                probe: asked.probe.clone(),
                secret: hex::encode(secret),
                targets: asked.targets.clone(),
                until: asked.until,
                url: self.url.clone(),
            };
            let text = token.write()?;
            let json = json!({ "probe": asked.probe, "token": text, "until": asked.until });
            let said = format!(
                "{} for {}, good until {} and for one answer. There, run:\n\nsegue probe run {text}",
                asked.probe, self.place, asked.until
            );
            Ok(Answer::new(&json, said))
        })
    }
}

impl Run {
    fn run(&self) -> Answered {
        let token = Token::read(&self.token)?;
        let now = clock::now();
        if now > token.until {
            return Err(Failure::BadInput(format!(
                "the token was good until {}; ask the client for a new one, or set this machine's clock",
                token.until
            )));
        }
        let key = token.key()?;
        token.check_targets()?;
        let trust =
            Trust::of_machine(self.ca.as_deref()).map_err(|e| Failure::BadInput(e.to_string()))?;
        let prober = Prober {
            trust,
            login: self.login()?,
            seed: u64::from_le_bytes(random_bytes::<8>()?),
        };
        block_on(async {
            let mut results = Vec::new();
            for target in &token.targets {
                results.push(prober.run(&target.check).await);
            }
            let failed = results.iter().any(|r| r.outcome != ProbeOutcome::Reached);
            let shown = lines(&token.targets, &results);
            let report = signed_report(&token.transition, &token.probe, now, results, &key);
            if let Some(path) = &self.out {
                let text = serde_json::to_string_pretty(&report).map_err(anyhow::Error::new)?;
                write_private(path, &text)?;
            }
            let sent = match &token.url {
                Some(url) => Some(send(&prober.trust, url, &report).await),
                None => None,
            };
            let arrived = matches!(sent, Some(Ok(())));
            let after = after(sent.as_ref(), self.out.as_deref());
            if !arrived && self.out.is_none() {
                return Err(Failure::Unavailable(format!("{shown}\n{after}")));
            }
            let json = json!({
                "probe": token.probe, "sent": arrived, "taken_at": report.taken_at,
                "results": token.targets.iter().zip(&report.results).map(|(target, result)| json!({
                    "resource": target.resource, "check": target.check.words(), "outcome": result.outcome,
                    "took_ms": result.took_ms, "said": result.said,
                })).collect::<Vec<_>>(),
            });
            Ok(Answer::new(&json, format!("{shown}\n{after}")).wanting_if(failed))
        })
    }

    fn login(&self) -> Result<Option<Login>, Failure> {
        let Some(user) = &self.user else {
            return Ok(None);
        };
        let password = std::env::var(PASSWORD_VARIABLE).map_err(|_| {
            Failure::BadInput(format!("--user needs the password in {PASSWORD_VARIABLE}"))
        })?;
        Ok(Some(Login {
            user: user.clone(),
            password,
            at: self.login_at.clone(),
        }))
    }
}

impl Token {
    fn write(&self) -> Result<String, Failure> {
        let text = serde_json::to_vec(self).map_err(anyhow::Error::new)?;
        Ok(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(text)))
    }

    /// From the text itself, or from a file that holds it.
    fn read(given: &str) -> Result<Self, Failure> {
        let text = if given.starts_with(TOKEN_PREFIX) {
            given.to_owned()
        } else {
            std::fs::read_to_string(given).map_err(|e| {
                Failure::BadInput(format!(
                    "this is neither a token ({TOKEN_PREFIX}…) nor a file that holds one ({e})"
                ))
            })?
        };
        let encoded = text.trim().strip_prefix(TOKEN_PREFIX);
        let decoded = encoded.and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok());
        decoded
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| {
                Failure::BadInput("the token is not whole; copy it from beginning to end".into())
            })
    }

    /// What `segue probe ask` would not have asked for is not tried: somebody else wrote this token.
    fn check_targets(&self) -> Result<(), Failure> {
        let odd = self.targets.iter().find(|t| !t.check.is_usable());
        odd.map_or(Ok(()), |target| {
            Err(Failure::BadInput(format!(
                "the token asks for `{}`, which no client asks for through Segue (a plain host name, an https:// or a sip: address); nothing was tried: ask the client whether this token is theirs",
                target.check.words()
            )))
        })
    }

    fn key(&self) -> Result<SigningKey, Failure> {
        let mut secret = [0; 32];
        hex::decode_to_slice(&self.secret, &mut secret).map_err(|_| {
            Failure::BadInput("the token is not whole; copy it from beginning to end".into())
        })?;
        Ok(SigningKey::from_bytes(&secret))
    }
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::BadInput(format!("`{}` cannot be read: {e}", path.display())))?;
    serde_json::from_str(&text).map_err(|e| {
        Failure::BadInput(format!(
            "`{}` is no list of targets: {e}; for example [{{\"resource\":\"EHR-scheduling\",\"check\":\"dns\",\"host\":\"ehr.example\"}}]",
            path.display()
        ))
    })
}

async fn send(trust: &Trust, url: &str, report: &ReportProbe) -> Result<(), String> {
    let url = format!("{}/api/v1/probes", url.trim_end_matches('/'));
    let body = serde_json::to_vec(report).map_err(|e| e.to_string())?;
    post(trust, &url, body).await.map(drop)
}

fn lines(targets: &[ProbeTarget], results: &[ProbeResult]) -> String {
    let line = |(target, result): (&ProbeTarget, &ProbeResult)| {
        let lamp = match result.outcome {
            ProbeOutcome::Reached => "reached",
            ProbeOutcome::Failed => "FAILED",
            ProbeOutcome::NotTried => "not tried",
        };
        format!(
            "{lamp:9} {}: {} ({})",
            target.resource,
            target.check.words(),
            result.said
        )
    };
    let lines: Vec<_> = targets.iter().zip(results).map(line).collect();
    lines.join("\n")
}

/// What is still to do.
fn after(sent: Option<&Result<(), String>>, out: Option<&Path>) -> String {
    let by_hand = |why: &str| match out {
        Some(path) => format!(
            "{why} Hand it in: segue do report-probe --file {}",
            path.display()
        ),
        None => format!("{why} Run it again with --out FILE, and hand the file in."),
    };
    match sent {
        Some(Ok(())) => "The server has the signed result.".to_owned(),
        Some(Err(error)) => by_hand(&format!("It could not be sent ({error}).")),
        None => by_hand("The token names no server."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use segue_domain::resource_probes::ProbeCheck;

    #[test]
    fn a_token_is_read_as_it_was_written_and_not_in_part() {
        let token = Token {
            transition: "RVS".into(),
            probe: "PR-1".into(),
            secret: "07".repeat(32),
            targets: Vec::new(),
            until: Timestamp::UNIX_EPOCH,
            url: Some("https://segue.example".into()),
        };
        let text = token.write().unwrap();
        let read = Token::read(&text).unwrap();
        assert_eq!((read.probe, read.url), (token.probe, token.url));
        for end in [TOKEN_PREFIX.len(), TOKEN_PREFIX.len() + 9, text.len() - 3] {
            assert!(Token::read(&text[..end]).is_err(), "{end}");
        }
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token.txt");
        std::fs::write(&file, format!("{text}\n")).unwrap();
        assert!(Token::read(file.to_str().unwrap()).is_ok());
        assert!(Token::read("nowhere").is_err());
    }

    #[test]
    fn a_token_that_no_client_asked_for_is_not_tried() {
        let token = |check| Token {
            transition: "RVS".into(),
            probe: "PR-1".into(),
            secret: "07".repeat(32),
            targets: vec![ProbeTarget {
                resource: "EHR-scheduling".into(),
                check,
            }],
            until: Timestamp::UNIX_EPOCH,
            url: None,
        };
        let page = |url: &str| ProbeCheck::FhirMetadata { url: url.into() };
        assert!(token(page("https://ehr.example")).check_targets().is_ok());
        let refused = token(page("http://ehr.example")).check_targets();
        assert!(matches!(refused, Err(Failure::BadInput(_))), "{refused:?}");
    }

    #[test]
    fn a_name_is_typed_with_the_hosts_that_may_learn_it() {
        #[derive(Debug, clap::Parser)]
        struct Line {
            #[command(flatten)]
            run: Run,
        }
        let read = |words: &str| <Line as clap::Parser>::try_parse_from(words.split(' '));
        assert!(read("x TOKEN --user n --login-at a --login-at b").is_ok());
        assert!(read("x TOKEN").is_ok());
        assert!(read("x TOKEN --user n").is_err());
        assert!(read("x TOKEN --login-at a").is_err());
    }
}
