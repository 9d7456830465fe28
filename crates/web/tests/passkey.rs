//! A passkey made and used in a real browser with its virtual authenticator: what it signs is what the domain checks.
#![expect(
    clippy::unwrap_used,
    reason = "helpers outside the test functions may panic too"
)]

#[path = "support/browser.rs"]
mod browser;
#[path = "support/console.rs"]
mod console;

use browser::{Browser, Look};
use console::{CAUTIOUS, CODE, MemoryConsole, PASSWORD, TO_SIGN, USER, example};
use segue_domain::passkey::Passkey;
use segue_web::{App, Settings, serve};
use serde_json::Value;
use std::sync::Arc;

/// Browsers give passkeys to names, not to addresses.
async fn server() -> (Arc<MemoryConsole>, String) {
    let console = MemoryConsole::new(example());
    let app = App::new(Arc::clone(&console) as Arc<_>, Settings::new([7; 32]));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(serve(listener, app, std::future::pending()));
    (console, format!("http://localhost:{port}"))
}

async fn sign_in(b: &Browser, base: &str, next: &str) {
    b.open(&format!("{base}/login?next={next}")).await;
    b.fill("#user", USER).await;
    b.fill("#password", PASSWORD).await;
    b.click("main button").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browsers_passkey_signs_the_hash_and_nothing_else() {
    let (console, base) = server().await;
    browser::with(Look::DESK, async |b| {
        b.plug_in_authenticator().await;
        sign_in(b, &base, "/sign").await;
        b.sees("h1", "1 thing waits for your signature.").await;
        b.click("#make-passkey").await;
        b.sees("#passkey-made", "have it vouched for").await;
        let saved = b
            .eval("return document.getElementById('passkey-json').value")
            .await;
        let saved: Value = serde_json::from_str(saved.as_str().expect("text")).expect("JSON");
        let text = |name: &str| saved[name].as_str().expect("text").to_owned();
        assert!(text("new_key").ends_with(&base), "{saved}");
        let key = Passkey::read(&text("new_key")).expect("a passkey");
        assert!(key.signed(&[0x5a; 32], &text("proof")), "{saved}");
        assert!(!key.signed(&[0x5b; 32], &text("proof")));

        b.click("button[data-sign]").await;
        b.sees("#sign-said", "Signed and recorded.").await;
        let sent = console
            .submitted
            .lock()
            .expect("no panic")
            .last()
            .cloned()
            .expect("a command");
        assert_eq!(
            (&sent["command"], &sent["version"]),
            (&"sign_plan".into(), &3.into())
        );
        assert_eq!(sent["signed_hash"], TO_SIGN);
        let mut hash = [0; 32];
        hex::decode_to_slice(TO_SIGN, &mut hash).expect("a hash");
        let signature = sent["signature"].as_str().expect("text");
        assert!(key.signed(&hash, signature), "{signature}");
        assert_eq!(b.complaints().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_factor_is_enrolled_and_used_on_a_telephone_without_javascript() {
    let (_console, base) = server().await;
    browser::with(Look::PHONE.without_javascript(), async |b| {
        b.open(&format!("{base}/login?next=/account")).await;
        b.fill("#user", CAUTIOUS).await;
        b.fill("#password", PASSWORD).await;
        b.click("main button").await;
        b.sees("h1", "One more step").await;
        b.fill("#code", "000000").await;
        b.click("main button").await;
        b.sees("#code-error", "used already").await;
        b.fill("#code", CODE).await;
        b.click("main button").await;
        b.sees("h1", "Your account, casey.").await;
        b.open(&format!("{base}/sign")).await;
        b.sees("noscript", "sign with your key file").await;
    })
    .await;
    for look in [Look::PHONE, Look::DESK] {
        browser::with(look.without_javascript(), async |b| {
            sign_in(b, &base, "/account").await;
            b.sees("h1", "Your account, dana.").await;
            let pages = [
                ("/account", "account"),
                ("/sign", "sign"),
                ("/account/prove", "prove"),
            ];
            for (path, name) in pages {
                b.open(&format!("{base}{path}")).await;
                let [_, _, width, _] = b.rect("main").await;
                assert!(
                    width <= f64::from(look.width_px),
                    "{path} is {width} px wide"
                );
                if let Some(folder) = std::env::var_os("SEGUE_PICTURES") {
                    let file = format!("{name}-{}.png", look.width_px);
                    b.picture(&std::path::Path::new(&folder).join(file)).await;
                }
            }
        })
        .await;
    }
}
