//! Single sign-on against a real provider (npm `oidc-provider`): who comes in, who does not, and what works without it.

use crate::chromium::{self, Look};
use crate::support::centre::closed_port;
use crate::support::page::{Page, Visitor};
use crate::support::peers::Peer;
use crate::support::serve::Serving;
use crate::support::world::{CLIENT, PASSWORD, PIN, Targets, World};
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

const PROVIDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/e2e/support/oidc_provider.mjs"
);

struct Site {
    world: World,
    serving: Serving,
    provider: Peer,
    at: SocketAddr,
    /// The provider as its tokens name it.
    issuer: String,
}

/// A transition with 20 % out, its pages, and a provider that knows them.
fn site() -> Option<Site> {
    site_with_provider_at("127.0.0.1")
}

/// The same; browsers take `localhost` and `127.0.0.1` for two sites.
fn site_with_provider_at(host: &str) -> Option<Site> {
    let (at, pages) = (closed_port([127, 0, 0, 1]), closed_port([127, 0, 0, 1]));
    let mut command = Command::new("node");
    command.args([PROVIDER, &at.port().to_string()]);
    command
        .arg(format!("http://{pages}/login/sso/back"))
        .arg(host);
    let provider = Peer::start("npm package oidc-provider", &mut command)?;
    let world = World::live(Targets::nobody(), &[20]);
    let secret = world.path("oidc.secret");
    fs::write(&secret, "a secret: of both\n").expect("written");
    let (issuer, own) = (
        format!("http://{host}:{}", at.port()),
        format!("http://{pages}"),
    );
    let secret = secret.display().to_string();
    let options = ["--oidc-issuer", &issuer, "--oidc-client", "segue"];
    let more = ["--oidc-secret-file", &secret, "--pages-url", &own];
    let serving = Serving::start_pages_at(&world.data(), pages, &[options, more].concat());
    Some(Site {
        world,
        serving,
        provider,
        at,
        issuer,
    })
}

impl Site {
    fn visitor(&self) -> Visitor {
        Visitor::new(self.serving.http)
    }

    /// What the provider does from now on.
    async fn hand(&self, what: &str) {
        let done = Visitor::new(self.at).get(&format!("/hand?{what}")).await;
        assert_eq!(done.text, "done");
    }

    /// Begins a sign-in and goes through the provider; the question that the browser comes back with.
    async fn away(&self, visitor: &mut Visitor, next: &str) -> String {
        let asked = format!("/login/sso?next={next}");
        self.away_by(visitor, &asked).await
    }

    async fn away_by(&self, visitor: &mut Visitor, asked: &str) -> String {
        let begun = visitor.get(asked).await;
        let (there, here) = (
            format!("http://{}", self.at),
            format!("http://{}", self.serving.http),
        );
        let mut at_provider = Visitor::new(self.at);
        let mut to = begun.location;
        for _ in 0..6 {
            if let Some(back) = to.strip_prefix(&here) {
                return back.to_owned();
            }
            let path = to.strip_prefix(&there).unwrap_or(&to).to_owned();
            let page = at_provider.get(&path).await;
            assert!((300..400).contains(&page.status), "{path}: {page:?}");
            to = page.location;
        }
        panic!("the provider never sent the browser back: {to}");
    }

    /// Comes back by the page that sends on to ourselves.
    async fn back(&self, visitor: &mut Visitor, back: &str) -> Page {
        let on = visitor.get(back).await;
        let (_, rest) = on.text.split_once("href=\"").expect("a way on");
        let (path, _) = rest.split_once('"').expect("its end");
        visitor.get(&path.replace("&amp;", "&")).await
    }

    async fn signs_in(&self, visitor: &mut Visitor) -> Page {
        let back = self.away(visitor, "/account").await;
        self.back(visitor, &back).await
    }

    fn link(&self, token: &str, subject: &str) -> crate::support::cli::Said {
        let args = ["user", "link", CLIENT, "--oidc-issuer", &self.issuer];
        self.world.ask(
            Some(token),
            &[&args[..], &["--oidc-subject", subject]].concat(),
        )
    }
}

async fn is_in(visitor: &mut Visitor) -> bool {
    visitor.get("/account").await.status == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_lets_in_whom_an_administrator_tied_and_nobody_else() {
    let Some(mut site) = site() else { return };
    site.hand("sub=dana-at-the-clinic").await;
    let mut v = site.visitor();
    v.get("/login")
        .await
        .says(&format!("Sign in with {}", site.at));
    // Let in by the provider, and known to nobody here.
    let unknown = site.signs_in(&mut v).await;
    assert_eq!(unknown.status, 403);
    unknown.says("dana-at-the-clinic");
    assert!(!is_in(&mut v).await);
    // The other party's administrator ties nothing; the own one does.
    let theirs = site
        .world
        .person("cb-admin", "outsourcer", &["administrator"], None);
    let ours = site
        .world
        .person("rvs-admin", "client", &["administrator"], None);
    assert_eq!(site.link(&theirs, "dana-at-the-clinic").code, 3);
    site.link(&ours, "dana-at-the-clinic").done();
    let known = site.signs_in(&mut v).await;
    assert_eq!((known.status, known.location.as_str()), (303, "/account"));
    assert!(is_in(&mut v).await);
    site.asks_anew_before_something_is_signed(&mut v).await;
    site.refuses_what_is_not_the_providers().await;
    site.refuses_what_was_used().await;
    // Untied: out at once, and no way back.
    site.world
        .ask(Some(&ours), &["user", "link", CLIENT])
        .done();
    assert!(!is_in(&mut v).await);
    assert_eq!(site.signs_in(&mut v).await.status, 403);
    site.works_without_the_provider().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_signs_with_a_new_key_lets_people_in_and_is_asked_for_it_once() {
    let Some(site) = site() else { return };
    site.hand("sub=dana-at-the-clinic").await;
    let ours = site
        .world
        .person("rvs-admin", "client", &["administrator"], None);
    site.link(&ours, "dana-at-the-clinic").done();
    let mut keys = Visitor::new(site.at);
    // The key changes while somebody is away at the provider.
    let mut v = site.visitor();
    let back = site.away(&mut v, "/account").await;
    let before = keys.get("/keys-read").await.text;
    site.hand("rotate=the-next").await;
    let known = site.back(&mut v, &back).await;
    assert_eq!((known.status, known.location.as_str()), (303, "/account"));
    assert_ne!(keys.get("/keys-read").await.text, before);
    // A key that is never published has them read no more.
    site.hand("token=stray").await;
    let mut v = site.visitor();
    let back = site.away(&mut v, "/account").await;
    let before = keys.get("/keys-read").await.text;
    let refused = site.back(&mut v, &back).await;
    assert_eq!(refused.status, 403);
    refused.says("a key that the provider does not publish");
    assert_eq!(keys.get("/keys-read").await.text, before);
}

/// A real browser, and a provider that is another site to it: none of our cookies comes back with it from there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_browser_goes_from_the_sign_in_page_to_the_provider_and_back_to_its_page() {
    if !chromium::available() {
        return;
    }
    for look in [Look::DESK, Look::DESK.without_javascript()] {
        let Some(site) = site_with_provider_at("localhost") else {
            return;
        };
        site.hand("sub=dana-at-the-clinic").await;
        let base = format!("http://{}", site.serving.http);
        chromium::with(look, async |b| {
            let link = r#"a[href^="/login/sso"]"#;
            b.open(&format!("{base}/account")).await;
            b.sees(link, &format!("Sign in with localhost:{}", site.at.port()))
                .await;
            b.click(link).await;
            b.sees("main", "Segue does not know you yet.").await;
            let ours = site
                .world
                .person("rvs-admin", "client", &["administrator"], None);
            site.link(&ours, "dana-at-the-clinic").done();
            b.open(&format!("{base}/login?next=/account")).await;
            b.click(link).await;
            b.sees("h1", &format!("Your account, {CLIENT}.")).await;
            assert_eq!(b.path().await, "/account");
            // Who signs is asked anew, and comes back to where they sign.
            b.open(&format!("{base}/account/prove?next=/sign")).await;
            b.click(r#"a[href^="/login/sso"]"#).await;
            b.until_path("/sign").await;
            // Out here, and there.
            b.click(".foot button").await;
            b.sees("main", "You are signed out of Segue.").await;
            b.click(r#"a[href*="client_id=segue"]"#).await;
            b.sees("body", "Do you want to sign-out").await;
            // The page that says who is not known is a 403, which a browser's log calls an error; what the provider's own
            // pages miss is not ours, nor is the picture that a browser looks for beside a page of plain text.
            let complaints = b.complaints().await;
            let ours = complaints.iter().filter(|told| told.starts_with(&base));
            let others = ours.filter(|told| !told.contains("403") && !told.contains("favicon"));
            assert_eq!(others.collect::<Vec<_>>(), Vec::<&String>::new());
        })
        .await;
        assert_eq!(site.serving.stop(), 0);
    }
}

impl Site {
    async fn refuses_what_is_not_the_providers(&self) {
        for (token, says) in [
            ("client", "for another client"),
            ("nonce", "another sign-in"),
            ("key", "not signed by the provider"),
            ("none", "not signed by the provider"),
        ] {
            self.hand(&format!("token={token}")).await;
            let mut v = self.visitor();
            let refused = self.signs_in(&mut v).await;
            assert_eq!(refused.status, 403, "{token}");
            refused.says(says);
            assert!(!is_in(&mut v).await, "{token}");
        }
        self.hand("token=").await;
        let mut v = self.visitor();
        let back = self.away(&mut v, "/").await;
        let other = back.replace("state=", "state=x");
        let refused = self.back(&mut v, &other).await;
        assert_eq!(refused.status, 403);
        refused.says("was not begun in this browser");
        // A provider names itself: the answer of another one is not asked about.
        let back = self.away(&mut v, "/").await;
        let refused = self
            .back(&mut v, &back.replace("&iss=http", "&iss=https"))
            .await;
        assert_eq!(refused.status, 403);
        refused.says("another provider");
        assert!(!is_in(&mut v).await);
    }

    /// Before something is signed the provider's word counts only if it says when it was given, and that was now.
    async fn asks_anew_before_something_is_signed(&self, v: &mut Visitor) {
        let asked = "/login/sso?again=1&next=/sign";
        for (token, says) in [
            ("timeless", "does not say when you showed it who you are"),
            ("old", "did not ask you again"),
        ] {
            self.hand(&format!("token={token}")).await;
            let back = self.away_by(v, asked).await;
            let refused = self.back(v, &back).await;
            assert_eq!(refused.status, 403, "{token}");
            refused.says(says);
        }
        self.hand("token=").await;
        let back = self.away_by(v, asked).await;
        let shown = self.back(v, &back).await;
        assert_eq!((shown.status, shown.location.as_str()), (303, "/sign"));
    }

    async fn refuses_what_was_used(&self) {
        let mut v = self.visitor();
        let back = self.away(&mut v, "https://evil.example/").await;
        let mut twin = v.clone();
        let known = self.back(&mut v, &back).await;
        assert_eq!((known.status, known.location.as_str()), (303, "/"));
        let replayed = self.back(&mut twin, &back).await;
        assert_eq!(replayed.status, 403);
        replayed.says("was used before");
        assert!(is_in(&mut v).await && !is_in(&mut twin).await);
    }

    async fn works_without_the_provider(&mut self) {
        let mut v = self.visitor();
        let back = self.away(&mut v, "/").await;
        self.provider.kill();
        let gone = self.back(&mut v, &back).await;
        assert_eq!(gone.status, 503);
        gone.says("cannot sign anybody in now");
        let mut begun = v.get("/login/sso").await;
        for _ in 0..100 {
            if begun.status == 503 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            begun = v.get("/login/sso").await;
        }
        begun.says("Sign in with name and password");
        let fields = [("csrf", begun.hidden("csrf")), ("user", CLIENT.into())];
        let password = ("password", PASSWORD.to_owned());
        let fields = [&fields[..], &[password]].concat();
        let fields: Vec<_> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        assert_eq!(v.post("/login", &fields).await.status, 303);
        assert!(is_in(&mut v).await);
        let mut duty = self.visitor();
        let page = duty.get("/duty").await;
        let (csrf, command) = (page.hidden("csrf"), page.hidden("command"));
        let press = [
            ("csrf", csrf.as_str()),
            ("command", &command),
            ("scope", "all"),
        ];
        let press = [&press[..], &[("user", CLIENT), ("pin", PIN)]].concat();
        assert_eq!(duty.post("/fallback", &press).await.status, 303);
        assert_eq!(self.world.line()["state"], "returned");
    }
}
