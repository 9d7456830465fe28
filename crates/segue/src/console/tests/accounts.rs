//! Who may come in, and how far: second factor, step-up, ended sessions, tokens of one site, audited looks.

use super::rig::{HERE, PASSWORD, PIN, Rig, press};
use crate::clock;
use jiff::{SignedDuration, Timestamp};
use segue_domain::Role;
use segue_journal::accounts::{Act, AuditFilter, NewToken, TokenScope};
use segue_web::account::{AccountChange, AccountChanged, Shown};
use segue_web::{
    ActError, BoardRequest, Console, Credentials, Door, EventBatch, Person, SignIn, Submission,
};
use serde_json::json;
use totp_rs::{Builder, Secret};

const WHO: &str = "rvs-manager";

fn code(secret: &str, when: Timestamp) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let device = Builder::new().with_secret(secret).build().unwrap();
    device
        .generate(u64::try_from(when.as_second()).unwrap())
        .to_string()
}

fn credentials(secret: &str) -> Credentials {
    Credentials {
        user: WHO.into(),
        secret: secret.into(),
        source: HERE,
    }
}

fn just_shown() -> Shown {
    Shown {
        proved_at: Some(clock::now()),
        source: HERE,
    }
}

/// Enrols a device for the manager; its secret. The code of half a minute ago enrols it, so that the present one is unused.
async fn enrolled(rig: &Rig) -> String {
    let person = rig.sign_in(WHO).await;
    let begin = AccountChange::BeginSecondFactor;
    rig.console
        .change_account(person.clone(), begin, just_shown())
        .await
        .unwrap();
    let proved_at = just_shown().proved_at;
    let view = rig.console.account(person.clone(), proved_at).await;
    let view = view.unwrap();
    let secret = view.enrolling.unwrap().secret;
    let code = code(&secret, clock::now() - SignedDuration::from_secs(30));
    let confirm = AccountChange::ConfirmSecondFactor { code };
    let changed = rig
        .console
        .change_account(person, confirm, just_shown())
        .await
        .unwrap();
    assert!(matches!(changed, AccountChanged::RecoveryCodes(codes) if codes.len() == 10));
    secret
}

async fn half_way(rig: &Rig) -> Person {
    match rig.console.authenticate(credentials(PASSWORD)).await {
        SignIn::HalfWay(person) => person,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_code_lets_one_of_two_in_and_home_needs_none() {
    let rig = Rig::new().await;
    let secret = enrolled(&rig).await;
    let half = half_way(&rig).await;
    let shown = code(&secret, clock::now());
    let enter = || {
        rig.console
            .authenticate_second(half.clone(), shown.clone(), HERE)
    };
    let (left, right) = tokio::join!(enter(), enter());
    let known = [&left, &right]
        .iter()
        .filter(|s| matches!(s, SignIn::Known(_)))
        .count();
    // Charged before it is looked at, or seen to be used: the other one stays outside.
    let outside = [&left, &right]
        .iter()
        .filter(|s| matches!(s, SignIn::UsedCode | SignIn::Throttled { .. }))
        .count();
    assert_eq!((known, outside), (1, 1), "{left:?} {right:?}");
    // Whoever takes longer than five minutes over the second step begins anew.
    let late = Person {
        since: half.since - SignedDuration::from_mins(6),
        ..half.clone()
    };
    let next = code(&secret, clock::now() + SignedDuration::from_secs(30));
    let answer = rig
        .console
        .authenticate_second(late, next.clone(), HERE)
        .await;
    assert!(matches!(answer, SignIn::Unknown), "{answer:?}");
    // The password was changed between the two steps.
    let later = clock::now() + SignedDuration::from_secs(1);
    rig.accounts.end_entries(WHO, later).await.unwrap();
    let answer = rig.console.authenticate_second(half, next, HERE).await;
    assert!(matches!(answer, SignIn::Unknown), "{answer:?}");

    let pin = Credentials {
        user: "rvs-duty".into(),
        secret: PIN.into(),
        source: HERE,
    };
    let SignIn::Known(duty) = rig.console.authenticate_pin(pin).await else {
        panic!("the PIN is refused")
    };
    assert!(
        rig.console
            .fallback(press(duty, Door::Pin, "at-two"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_session_ends_with_the_password_it_was_opened_by() {
    let rig = Rig::new().await;
    let stolen = rig.sign_in("rvs-duty").await;
    assert!(rig.console.admits(stolen.clone()).await);
    let later = clock::now() + SignedDuration::from_secs(1);
    rig.accounts
        .set_password("rvs-duty", "another horse", later)
        .await
        .unwrap();
    assert!(!rig.console.admits(stolen.clone()).await);
    let board = BoardRequest {
        name: "phases".into(),
        person: stolen.clone(),
    };
    assert!(matches!(
        rig.console.board(board).await,
        Err(ActError::Refused(_))
    ));
    let lower = Submission {
        command: json!({ "command": "lower_share", "chunk": "RVS-Main/MSG", "share_percent": 10 }),
        person: stolen,
        proved_at: None,
        command_id: "lower-1".into(),
    };
    let Err(ActError::Refused(refusal)) = rig.console.submit(lower).await else {
        panic!("a stolen session acts")
    };
    assert!(
        refusal.how.contains("press home by duty PIN"),
        "{refusal:?}"
    );
}

#[tokio::test]
async fn a_session_alone_changes_nothing_of_how_its_person_comes_in() {
    let rig = Rig::new().await;
    let person = rig.sign_in(WHO).await;
    let begin = AccountChange::BeginSecondFactor;
    rig.console
        .change_account(person.clone(), begin, just_shown())
        .await
        .unwrap();
    let shown = rig
        .console
        .account(person.clone(), just_shown().proved_at)
        .await;
    let secret = shown.unwrap().enrolling.unwrap().secret;
    let long_ago = Some(clock::now() - SignedDuration::from_mins(11));
    for proved_at in [None, long_ago] {
        // Whoever has the session alone reads no secret, and turns on, off or replaces nothing.
        let view = rig
            .console
            .account(person.clone(), proved_at)
            .await
            .unwrap();
        assert!(view.enrolling.is_none() && view.enrolment_waits);
        let code = code(&secret, clock::now());
        for change in [
            AccountChange::BeginSecondFactor,
            AccountChange::ConfirmSecondFactor { code },
            AccountChange::RemoveSecondFactor,
            AccountChange::Password {
                new: "another horse".into(),
            },
        ] {
            let shown = Shown {
                proved_at,
                source: HERE,
            };
            let changed = rig.console.change_account(person.clone(), change, shown);
            let Err(ActError::Refused(refusal)) = changed.await else {
                panic!("a session alone changes the account")
            };
            assert_eq!(refusal.code, "STEP_UP");
            assert!(refusal.how.contains("/account/prove"), "{refusal:?}");
        }
    }
    assert!(rig.console.admits(person.clone()).await);
    // Giving up what was given needs no proof.
    let stale = Shown {
        proved_at: long_ago,
        source: HERE,
    };
    let ended = rig
        .console
        .change_account(person, AccountChange::EndSessions, stale);
    assert!(ended.await.is_ok());
}

#[tokio::test]
async fn who_signs_has_just_shown_who_they_are() {
    let rig = Rig::new().await;
    rig.accounts
        .set_roles(WHO, &[Role::Signatory].into())
        .await
        .unwrap();
    let person = rig.sign_in(WHO).await;
    let sign = |ago_min: i64, id: &str| Submission {
        command: json!({
            "command": "sign_discovery", "signatory": WHO, "signed_hash": "00".repeat(32), "signature": "",
        }),
        person: person.clone(),
        proved_at: Some(clock::now() - SignedDuration::from_mins(ago_min)),
        command_id: id.into(),
    };
    let code_of = |answer: Result<_, ActError>| match answer {
        Err(ActError::Refused(refusal)) => refusal.code,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        code_of(rig.console.submit(sign(11, "late-1")).await),
        "STEP_UP"
    );
    assert_ne!(
        code_of(rig.console.submit(sign(1, "fresh-1")).await),
        "STEP_UP"
    );
    let by_token = Submission {
        proved_at: None,
        ..sign(0, "token-1")
    };
    assert_eq!(code_of(rig.console.submit(by_token).await), "STEP_UP");
    let SignIn::Known(proved) = rig
        .console
        .prove(person.clone(), PASSWORD.into(), HERE)
        .await
    else {
        panic!("the password proves nothing")
    };
    assert!(proved.since >= person.since);
    let guess = rig.console.prove(person, "guess".into(), HERE).await;
    assert!(matches!(guess, SignIn::Unknown), "{guess:?}");
}

#[tokio::test]
async fn a_token_acts_for_its_account_alone_and_within_its_scope() {
    let rig = Rig::new().await;
    let act = rig.token(WHO, TokenScope::Act).await;
    let home = rig.token("rvs-duty", TokenScope::Home).await;
    let of = |user: &str, secret: &str| Credentials {
        user: user.into(),
        secret: secret.into(),
        source: HERE,
    };
    let known = rig.console.authenticate(of(WHO, &act)).await;
    assert!(matches!(known, SignIn::Known(_)), "{known:?}");
    let other = rig.console.authenticate(of("cb-manager", &act)).await;
    assert!(matches!(other, SignIn::Unknown), "{other:?}");
    let homeward = rig.console.authenticate(of("rvs-duty", &home)).await;
    assert!(matches!(homeward, SignIn::HalfWay(_)), "{homeward:?}");
    let feed = rig.token(WHO, TokenScope::Ingest).await;
    let feed = rig.console.authenticate(of(WHO, &feed)).await;
    assert!(matches!(feed, SignIn::Unknown), "{feed:?}");
}

#[tokio::test]
async fn a_reading_token_opens_no_board_of_few_whatever_its_person_may() {
    let rig = Rig::new().await;
    rig.accounts
        .set_roles(WHO, &[Role::HumanResources].into())
        .await
        .unwrap();
    rig.accounts.set_staff(WHO, Some("RN-07")).await.unwrap();
    let mut seen = Vec::new();
    for scope in [TokenScope::Read, TokenScope::Act] {
        let token = rig.token(WHO, scope).await;
        let SignIn::Known(reader) = rig.console.authenticate_reader(credentials(&token)).await
        else {
            panic!("the token may not read")
        };
        for name in ["phases", "people", "own-path"] {
            let person = reader.clone();
            let name = name.to_owned();
            let board = rig.console.board(BoardRequest { name, person }).await;
            seen.push(board.is_ok());
        }
    }
    assert_eq!(seen, [true, false, false, true, true, true]);
}

#[tokio::test]
async fn a_sites_token_brings_that_sites_records_and_no_others() {
    let rig = Rig::new().await;
    let own = NewToken {
        site: Some("RVS-Main".into()),
        ..NewToken::of(WHO, "main", TokenScope::Ingest)
    };
    let token = rig.accounts.add_token(&own, clock::now()).await.unwrap();
    let now_us = clock::now().as_microsecond();
    let row = |dialled: &str, id: &str| {
        json!({
            "event_id": id, "centre": "hq", "source_call_id": id, "kind": "arrived", "at_us": now_us,
            "dialled": dialled, "call_type": "message", "acceleration": 1.0,
        })
        .to_string()
    };
    let rows = [
        row("7001", "a1"),
        row("7101", "a2"),
        row("0000", "a3"),
        row("+18005550142", "a4"),
    ];
    let body = rows.join("\n").into();
    let answer = rig
        .console
        .ingest(EventBatch {
            token: token.clone(),
            body,
        })
        .await
        .unwrap();
    assert_eq!((answer.accepted, answer.quarantined), (2, 2), "{answer:?}");
    assert_eq!(
        answer.rows.iter().map(|row| row.line).collect::<Vec<_>>(),
        [2, 3]
    );
    assert!(
        answer.rows[0].reason.contains("other site's token"),
        "{answer:?}"
    );
    closes_no_case_of_another_site(&rig, &token).await;
    rig.accounts.remove_tokens(WHO, "main").await.unwrap();
    let body = row("7001", "a5").into();
    assert!(
        rig.console
            .ingest(EventBatch { token, body })
            .await
            .is_err()
    );
}

/// Another site's feed opens a case under the same centre's name and id: this token's news are about its own alone.
async fn closes_no_case_of_another_site(rig: &Rig, token: &str) {
    let other = NewToken {
        site: Some("RVS-North".into()),
        ..NewToken::of(WHO, "north", TokenScope::Ingest)
    };
    let other = rig.accounts.add_token(&other, clock::now()).await.unwrap();
    let at_us = clock::now().as_microsecond();
    let tell = async |token: &str, kind: &str, dialled: &str, at_us: i64| {
        let row = json!({
            "kind": kind, "centre": "hq", "at_us": at_us, "case_id": "CB-17", "caller": "+16095550110",
            "dialled": dialled,
        });
        let (token, body) = (token.to_owned(), row.to_string().into());
        rig.console
            .ingest(EventBatch { token, body })
            .await
            .unwrap()
    };
    let opened = tell(&other, "case_opened", "7101", at_us).await;
    assert_eq!(opened.accepted, 1, "{opened:?}");
    let open = async || {
        rig.facts
            .open_cases(clock::now(), "in_house/")
            .await
            .unwrap()
    };
    tell(token, "case_closed", "7001", at_us + 1).await;
    let left: Vec<_> = open().await.into_iter().map(|case| case.source).collect();
    assert_eq!(left, ["in_house/hq@RVS-North"]);
    tell(&other, "case_closed", "7101", at_us + 2).await;
    assert!(open().await.is_empty());
}

#[tokio::test]
async fn a_look_at_a_board_about_people_is_written_down_and_no_other_look_is() {
    let rig = Rig::new().await;
    rig.accounts
        .set_roles(WHO, &[Role::HumanResources].into())
        .await
        .unwrap();
    let hr = rig.sign_in(WHO).await;
    for name in ["people", "phases"] {
        let board = BoardRequest {
            name: name.into(),
            person: hr.clone(),
        };
        rig.console.board(board).await.unwrap();
    }
    let refused = BoardRequest {
        name: "people".into(),
        person: rig.sign_in("cb-manager").await,
    };
    assert!(rig.console.board(refused).await.is_err());
    let lines = rig.accounts.audit(&AuditFilter::default()).await.unwrap();
    let lines: Vec<_> = lines
        .iter()
        .map(|l| (l.who.as_str(), l.act, l.about.as_str()))
        .collect();
    assert_eq!(lines, [(WHO, Act::ReadPeople, "people")]);
}
