//! The provider of single sign-on, asked over HTTPS: its own description, its keys, and a token for a code.
//!
//! Nothing here is needed to bring calls home: a provider that does not answer costs the button on the sign-in page and no
//! more.

use crate::output::Failure;
use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use segue_sso::{
    Expected, Identity, Keys, Provider, Start, TokenError, authorization_url, callback, check,
    is_fit, sign_out_url, token_request,
};
use segue_trials::probe::{PageAnswer, Trust, TrustError, ask};
use segue_web::sign_on::{SignOnBegun, SignOnReturn, SignOnStart};
use serde::Deserialize;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore};

/// What is said where a deployment has no provider.
pub const NO_SIGN_ON: &str = "This server has no single sign-on. Sign in with name and password; segue serve --oidc-issuer names a provider.";
/// Longest a question to the provider takes.
const ANSWER_WAIT: Duration = Duration::from_secs(5);
/// How long what the provider says of itself is believed while a sign-in is under way.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(1);
/// The same when one begins: nobody is sent to a provider that is gone.
const SEEN_WITHIN: SignedDuration = SignedDuration::from_secs(5);
/// A provider that failed is left alone for so long.
const FAILED_FOR: SignedDuration = SignedDuration::from_secs(5);
/// Keys are read again at once for a token that names an unknown one, and then not for that reason for so long.
const KEYS_EVERY: SignedDuration = SignedDuration::from_secs(30);
/// Most sign-ins that ask the provider at a time.
const ASKING_MAX: usize = 16;

/// A provider, and what this deployment is there.
#[derive(Clone)]
pub struct SignOnOptions {
    /// Its name and address.
    pub issuer: String,
    /// What Segue is called there.
    pub client: String,
    /// What it proves that with.
    pub secret: String,
    /// Who vouches for its certificate, where the machine does not know them.
    pub authorities: Option<PathBuf>,
    /// Where people reach these pages.
    pub pages: String,
}

impl fmt::Debug for SignOnOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignOnOptions")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl SignOnOptions {
    /// Checks the addresses: codes and secrets go over TLS, or stay on this machine.
    pub fn checked(self) -> Result<Self, Failure> {
        for (option, url) in [
            ("--oidc-issuer", &self.issuer),
            ("--pages-url", &self.pages),
        ] {
            if !is_fit(url) || url.contains('?') {
                return Err(Failure::BadInput(format!(
                    "{option} {url} is no address of https (http on this machine alone), such as https://id.example.org"
                )));
            }
        }
        if self.client.is_empty() || self.secret.is_empty() {
            return Err(Failure::BadInput(
                "the provider knows Segue by an id and a secret; neither --oidc-client nor the file of --oidc-secret-file may be empty".into(),
            ));
        }
        Ok(self)
    }
}

/// Why nobody is signed in.
#[derive(Debug)]
pub enum Trouble {
    /// What came is not believed.
    Refused(String),
    /// The provider does not answer, or not as one.
    Unavailable(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Refused(why) | Self::Unavailable(why)) = self;
        f.write_str(why)
    }
}

/// The way to the provider.
pub struct SignOnDoor {
    options: SignOnOptions,
    callback: String,
    trust: Trust,
    memory: Mutex<Memory>,
    turns: Semaphore,
}

/// What the provider said of itself.
#[derive(Default)]
struct Memory {
    known: Option<(Provider, Keys, Timestamp)>,
    failed: Option<(String, Timestamp)>,
    /// When the keys were read for a token that named an unknown one.
    anew_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
}

#[derive(Deserialize)]
struct TokenFault {
    error: String,
}

impl SignOnDoor {
    /// Prepares the way; nobody is asked yet, so that a provider that is down keeps nothing from starting.
    pub fn new(options: SignOnOptions) -> Result<Self, Failure> {
        let trust = Trust::of_machine(options.authorities.as_deref());
        let trust = trust.map_err(|error| match error {
            TrustError::Nobody => Failure::BadInput(
                "this machine knows no certificate authority; name a file of them with --oidc-ca"
                    .into(),
            ),
            other => Failure::BadInput(other.to_string()),
        })?;
        Ok(Self {
            callback: callback(&options.pages),
            options,
            trust,
            memory: Mutex::default(),
            turns: Semaphore::new(ASKING_MAX),
        })
    }

    /// The provider as people know it: its host.
    pub fn provider(&self) -> &str {
        let issuer = self.issuer();
        let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }

    /// The provider as its tokens name it.
    pub fn issuer(&self) -> &str {
        &self.options.issuer
    }

    /// Where a browser is sent, and what is remembered of it.
    pub async fn begin(&self, again: bool, now: Timestamp) -> Result<SignOnBegun, String> {
        let (provider, _) = self.known(now, SEEN_WITHIN).await?;
        let mut random = [0; 96];
        getrandom::fill(&mut random)
            .map_err(|e| format!("The operating system gives no random bytes ({e}); try again."))?;
        let start = Start::of(&random);
        let client = &self.options.client;
        let url = authorization_url(&provider, client, &self.callback, (&start, again));
        let Start {
            state,
            nonce,
            verifier,
        } = start;
        Ok(SignOnBegun {
            url,
            start: SignOnStart {
                state,
                nonce,
                verifier,
            },
            over_tls: self.callback.starts_with("https://"),
        })
    }

    /// Where somebody whom the provider let in signs out there, as far as it was asked before.
    pub async fn sign_out_url(&self) -> Option<String> {
        let memory = self.memory.lock().await;
        let (provider, ..) = memory.known.as_ref()?;
        sign_out_url(provider, &self.options.client)
    }

    /// Whom the provider let in.
    pub async fn identity(
        &self,
        returned: &SignOnReturn,
        now: Timestamp,
    ) -> Result<Identity, Trouble> {
        let known = self.known(now, KNOWN_FOR).await;
        let (provider, keys) = known.map_err(Trouble::Unavailable)?;
        let other = returned
            .issuer
            .as_ref()
            .is_some_and(|issuer| *issuer != provider.issuer);
        // RFC 9207: a provider that names itself always does.
        if other || (provider.names_itself && returned.issuer.is_none()) {
            return Err(Trouble::Refused(
                "This answer is another provider's. Sign in again.".into(),
            ));
        }
        let _turn = self.turns.try_acquire().map_err(|_| {
            Trouble::Unavailable("Many sign in at this moment. Try again in some seconds.".into())
        })?;
        let token = self.token(&provider, returned).await?;
        let expected = Expected {
            issuer: &provider.issuer,
            client_id: &self.options.client,
            nonce: &returned.start.nonce,
            shown_since: returned.shown_since,
            now,
        };
        let mut checked = check(&token, &keys, &expected);
        if checked == Err(TokenError::UnknownKey) {
            let fresh = self.keys_anew(now).await.map_err(Trouble::Unavailable)?;
            checked = check(&token, &fresh, &expected);
        }
        checked.map_err(|error| Trouble::Refused(format!("Nobody is signed in: {error}.")))
    }

    async fn token(&self, provider: &Provider, returned: &SignOnReturn) -> Result<String, Trouble> {
        let SignOnStart {
            state,
            nonce,
            verifier,
        } = returned.start.clone();
        let start = Start {
            state,
            nonce,
            verifier,
        };
        let client = (self.options.client.as_str(), self.options.secret.as_str());
        let code = (returned.code.as_str(), &start);
        let (form, authorization) = token_request(provider, client, &self.callback, code);
        let mut headers = vec![
            (
                "content-type",
                "application/x-www-form-urlencoded".to_owned(),
            ),
            ("accept", "application/json".to_owned()),
        ];
        headers.extend(authorization.map(|value| ("authorization", value)));
        let asked = self.ask(
            Method::POST,
            &provider.token_endpoint,
            &headers,
            form.into(),
        );
        let answer = asked.await;
        let answer = answer.map_err(|why| Trouble::Unavailable(self.gone(&why)))?;
        if answer.status == 200 {
            let token: Result<TokenAnswer, _> = serde_json::from_slice(&answer.body);
            return token.map(|token| token.id_token).map_err(|_| {
                Trouble::Refused(format!("Nobody is signed in: {}.", TokenError::Malformed))
            });
        }
        let fault = serde_json::from_slice::<TokenFault>(&answer.body);
        let fault = fault.map_or(String::new(), |fault| fault.error);
        match fault.as_str() {
            "invalid_grant" => Err(Trouble::Refused(
                "The provider does not take this answer: it was used before, or is too old. Sign in again.".into(),
            )),
            "invalid_client" | "unauthorized_client" => Err(Trouble::Unavailable(format!(
                "{} does not know this server: --oidc-client or its secret is wrong. Sign in with name and password meanwhile.",
                self.provider()
            ))),
            _ => Err(Trouble::Unavailable(self.gone(&format!("it answered {}", answer.status)))),
        }
    }

    /// The provider and its keys, read anew where they were read longer ago than that.
    async fn known(
        &self,
        now: Timestamp,
        within: SignedDuration,
    ) -> Result<(Provider, Keys), String> {
        let mut memory = self.memory.lock().await;
        self.known_in(&mut memory, now, within).await
    }

    /// The keys, read anew: a provider may sign with a new one at any moment. Who comes while they are read gets the same.
    async fn keys_anew(&self, now: Timestamp) -> Result<Keys, String> {
        let mut memory = self.memory.lock().await;
        let lately = |at: Timestamp| now.duration_since(at).abs() < KEYS_EVERY;
        let within = if memory.anew_at.is_some_and(lately) {
            KNOWN_FOR
        } else {
            memory.anew_at = Some(now);
            SignedDuration::ZERO
        };
        let known = self.known_in(&mut memory, now, within).await;
        known.map(|(_, keys)| keys)
    }

    async fn known_in(
        &self,
        memory: &mut Memory,
        now: Timestamp,
        within: SignedDuration,
    ) -> Result<(Provider, Keys), String> {
        if let Some((provider, keys, read_at)) = &memory.known
            && now.duration_since(*read_at).abs() < within
        {
            return Ok((provider.clone(), keys.clone()));
        }
        if let Some((why, at)) = &memory.failed
            && now.duration_since(*at).abs() < FAILED_FOR
        {
            return Err(why.clone());
        }
        match self.described().await {
            Ok((provider, keys)) => {
                memory.failed = None;
                memory.known = Some((provider.clone(), keys.clone(), now));
                Ok((provider, keys))
            }
            Err(why) => {
                let why = self.gone(&why);
                tracing::warn!(why, "single sign-on does not work");
                memory.failed = Some((why.clone(), now));
                Err(why)
            }
        }
    }

    async fn described(&self) -> Result<(Provider, Keys), String> {
        let document = self.get(&Provider::document_of(self.issuer())).await?;
        let provider =
            Provider::read(self.issuer(), &document.body).map_err(|error| error.to_string())?;
        let keys = self.get(&provider.jwks_uri).await?;
        let keys = Keys::read(&keys.body).ok_or("what it publishes as its keys are none")?;
        Ok((provider, keys))
    }

    async fn get(&self, url: &str) -> Result<PageAnswer, String> {
        let headers = [("accept", "application/json".to_owned())];
        let answer = self.ask(Method::GET, url, &headers, Vec::new()).await?;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(format!("{url} answered {}", answer.status))
        }
    }

    async fn ask(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, String)],
        body: Vec<u8>,
    ) -> Result<PageAnswer, String> {
        let asked = ask(&self.trust, method, url, headers, body);
        let answered = tokio::time::timeout(ANSWER_WAIT, asked).await;
        answered.map_err(|_| "it did not answer within 5 s".to_owned())?
    }

    fn gone(&self, why: &str) -> String {
        format!(
            "{} cannot sign anybody in now ({why}). Sign in with name and password; name and duty PIN bring calls home without either.",
            self.provider()
        )
    }
}
