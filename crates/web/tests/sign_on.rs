//! Single sign-on as a browser meets it: the button, there and back, one browser's state never another's. No script anywhere.
#[path = "support/console.rs"]
mod console;
#[path = "support/visitor.rs"]
mod visitor;

use axum::http::StatusCode;
use console::{AS_OF, CAUTIOUS, CODE, MemoryConsole, PASSWORD, USER, at, example};
use segue_web::sign_on::SignOn;
use segue_web::{App, Person, Settings, router};
use std::sync::{Arc, PoisonError};
use visitor::Visitor;

fn site() -> (Arc<MemoryConsole>, axum::Router) {
    let console = MemoryConsole::new(example());
    let app = App::new(Arc::clone(&console) as Arc<_>, Settings::new([7; 32]));
    (console, router(app))
}

fn person(user: &str) -> Person {
    Person {
        user: user.into(),
        role: "duty manager".into(),
        party: "Riverside Health".into(),
        since: at(AS_OF),
        reads_only: false,
    }
}

fn answers(console: &MemoryConsole, answer: SignOn) {
    *console
        .sign_on
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = Some(answer);
}

fn known() -> SignOn {
    SignOn::Known {
        person: person(USER),
        proved_at: None,
    }
}

const BACK: &str = "/login/sso/end?code=the%20code&state=the-state";

#[tokio::test]
async fn without_a_provider_there_is_no_button_and_no_way_in() {
    let (_console, router) = site();
    let mut v = Visitor::new(router);
    assert!(!v.get("/login").await.text.contains("/login/sso"));
    let begun = v.get("/login/sso?next=/duty").await;
    assert_eq!(begun.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        begun.text.contains("There is no provider."),
        "{}",
        begun.text
    );
    let ended = v.get(BACK).await;
    assert_eq!(ended.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_browser_goes_there_and_comes_back_to_the_page_it_wanted() {
    let (console, router) = site();
    answers(&console, known());
    let mut v = Visitor::new(router);
    let login = v.get("/login?next=/account").await;
    assert!(
        login.text.contains("href=\"/login/sso?next=/account\""),
        "{}",
        login.text
    );
    assert!(login.text.contains("Sign in with id.example.org"));
    let begun = v.get("/login/sso?next=/account").await;
    assert_eq!(
        begun.header("location"),
        "https://id.example.org/auth?again=false"
    );
    let cookie = begun.header("set-cookie");
    for word in [
        "segue_sso=",
        "HttpOnly",
        "SameSite=Strict",
        "Secure",
        "Path=/login/sso",
    ] {
        assert!(cookie.contains(word), "{cookie}");
    }
    // What is kept in the browser is sealed.
    assert!(
        !cookie.contains("the-") && !cookie.contains("account"),
        "{cookie}"
    );
    // The page it comes back to reads and sets no cookie, and sends it on to ourselves.
    let back = v
        .get("/login/sso/back?code=the%20code&state=the-state")
        .await;
    assert_eq!(back.header("refresh"), format!("0; url={BACK}"));
    assert!(
        back.text.contains(&BACK.replace('&', "&amp;")),
        "{}",
        back.text
    );
    assert_eq!(back.header("set-cookie"), "");
    let ended = v.get(BACK).await;
    assert_eq!(ended.header("location"), "/account");
    assert_eq!(v.get("/account").await.status, StatusCode::OK);
    // Good once.
    assert_eq!(v.get(BACK).await.status, StatusCode::FORBIDDEN);
    // A provider that does not say when has proved nothing yet: who signs is asked first.
    let asked = v.get("/account/prove?next=/sign").await;
    assert!(
        asked.text.contains("/login/sso?again=1&amp;next=/sign"),
        "{}",
        asked.text
    );
    let again = v.get("/login/sso?again=1&next=/sign").await;
    assert_eq!(
        again.header("location"),
        "https://id.example.org/auth?again=true"
    );
    // Asked anew, it must say when: without that nobody has shown anything.
    let ended = v.get(BACK).await;
    assert_eq!(ended.status, StatusCode::FORBIDDEN);
    let shown = SignOn::Known {
        person: person(USER),
        proved_at: Some(at(AS_OF)),
    };
    answers(&console, shown);
    v.get("/login/sso?again=1&next=/sign").await;
    assert_eq!(v.get(BACK).await.header("location"), "/sign");
}

#[tokio::test]
async fn a_sign_in_of_another_browser_or_with_another_state_lets_nobody_in() {
    let (console, router) = site();
    answers(&console, known());
    let (mut began, mut other) = (Visitor::new(router.clone()), Visitor::new(router));
    began.get("/login/sso?next=/duty").await;
    let ended = other.get(BACK).await;
    assert_eq!(ended.status, StatusCode::FORBIDDEN);
    assert!(
        ended.text.contains("was not begun in this browser"),
        "{}",
        ended.text
    );
    let ended = began
        .get("/login/sso/end?code=the%20code&state=another")
        .await;
    assert_eq!(ended.status, StatusCode::FORBIDDEN);
    // That attempt is over, also for the right state.
    assert_eq!(began.get(BACK).await.status, StatusCode::FORBIDDEN);
    for refused in [
        "error=access_denied&state=the-state",
        "state=the-state",
        "code=wrong&state=the-state",
    ] {
        began.get("/login/sso").await;
        let ended = began.get(&format!("/login/sso/end?{refused}")).await;
        assert_eq!(ended.status, StatusCode::FORBIDDEN, "{refused}");
        assert_eq!(
            began.get("/api/v1/live").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    for garbage in ["a='b'", "a=b;url=https:", "a=|", &"a".repeat(7_000)] {
        let answer = other.get(&format!("/login/sso/back?{garbage}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{garbage:.20}");
    }
}

#[tokio::test]
async fn nobody_leads_a_sign_in_elsewhere_and_a_second_factor_still_counts() {
    let (console, router) = site();
    answers(&console, SignOn::HalfWay(person(CAUTIOUS)));
    let mut v = Visitor::new(router);
    v.get("/login/sso?next=https://evil.example/").await;
    let half = v.get(BACK).await;
    assert_eq!(half.header("location"), "/login/code?next=/");
    assert_eq!(v.get("/api/v1/live").await.status, StatusCode::UNAUTHORIZED);
    let csrf = v.get("/login/code").await.hidden("csrf");
    let whole = v
        .post("/login/code", &[("csrf", &csrf), ("code", CODE)])
        .await;
    assert_eq!(whole.header("location"), "/");
    assert_eq!(v.get("/api/v1/live").await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_signs_out_is_offered_to_sign_out_at_the_provider_that_let_them_in() {
    let (console, router) = site();
    let out = "https://id.example.org/out?client_id=segue";
    let mut v = Visitor::new(router);
    let signs_out = async |v: &mut Visitor| {
        let csrf = v.get("/account").await.hidden("csrf");
        v.post("/logout", &[("csrf", &csrf)]).await
    };
    for (user, answer) in [
        (USER, known()),
        (CAUTIOUS, SignOn::HalfWay(person(CAUTIOUS))),
    ] {
        answers(&console, answer);
        v.get("/login/sso").await;
        v.get(BACK).await;
        if user == CAUTIOUS {
            let csrf = v.get("/login/code").await.hidden("csrf");
            v.post("/login/code", &[("csrf", &csrf), ("code", CODE)])
                .await;
        }
        let left = signs_out(&mut v).await;
        assert_eq!(left.header("location"), "/login?out=1", "{user}");
        let page = v.get("/login?out=1").await;
        assert!(page.text.contains(out), "{}", page.text);
        assert!(!v.get("/login").await.text.contains(out));
    }
    // Who came in by password has nothing to end there.
    v.sign_in(USER, PASSWORD).await;
    assert_eq!(signs_out(&mut v).await.header("location"), "/login");
}

#[tokio::test]
async fn whoever_no_account_is_tied_to_reads_what_to_ask_for() {
    let (console, router) = site();
    let (issuer, subject) = ("https://id.example.org".into(), "<b>it's; 4711".into());
    answers(&console, SignOn::NotTied { issuer, subject });
    let mut v = Visitor::new(router);
    v.get("/login/sso").await;
    let ended = v.get(BACK).await;
    assert_eq!(ended.status, StatusCode::FORBIDDEN);
    assert!(
        ended.text.contains("segue user link NAME"),
        "{}",
        ended.text
    );
    // Copied into a shell it is one word, whatever the provider calls its people.
    let escaped = |text: &str| {
        text.replace('<', "&#60;")
            .replace('>', "&#62;")
            .replace('\'', "&#39;")
    };
    let word = escaped(r"--oidc-subject='<b>it'\''s; 4711'");
    assert!(ended.text.contains(&word), "{word}: {}", ended.text);
    assert!(
        !ended.text.contains("<b>4711"),
        "what comes from outside is escaped"
    );
    assert_eq!(v.get("/api/v1/live").await.status, StatusCode::UNAUTHORIZED);
}
