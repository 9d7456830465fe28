//! The second factor, tokens of one site, ended sessions and the audit, on both databases.

use jiff::{SignedDuration, Timestamp};
use segue_domain::{Right, Role, Side};
use segue_journal::accounts::{
    AccountError, Accounts, Act, AuditFilter, Door, Entry, EntryError, LOGIN_LABEL, NewAccount,
    NewToken, TokenScope,
};
use totp_rs::{Builder, Secret};

const PASSWORD: &str = "correct horse";
const PIN: &str = "27182818";
const HOME: &str = "10.0.0.1";

fn at(second: i64) -> Timestamp {
    "2026-11-22T05:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

async fn with_dana(accounts: Accounts) -> Accounts {
    let accounts = accounts.sealed_with(&[7; 32]);
    let dana = NewAccount {
        name: "dana".into(),
        side: Side::Client,
        roles: [Role::Signatory, Role::Duty].into(),
        password: PASSWORD.into(),
        pin: Some(PIN.into()),
        public_key: None,
    };
    accounts.add(&dana, at(0)).await.unwrap();
    accounts
}

on_both!(
    Accounts, "accounts.db", with_dana:
    a_password_alone_opens_only_the_way_home_once_a_second_factor_is_enrolled,
    a_code_is_good_once_whoever_is_quicker,
    clocks_may_differ_by_thirty_seconds,
    codes_are_guessed_slowly_and_the_pin_is_not_slowed_down,
    whoever_has_the_password_and_pauses_gets_no_more_guesses_at_the_code,
    a_recovery_code_is_good_once_and_a_lost_device_is_reset,
    an_enrolment_counts_once_its_code_has_come_back,
    who_came_in_before_a_new_password_comes_in_anew,
    a_login_on_the_command_line_ends_with_every_other_session,
    tokens_are_listed_with_their_use_and_belong_to_a_site,
    the_audit_lists_who_did_what_to_which_record,
);

/// What the person's device shows.
fn code(secret: &str, when: Timestamp) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let device = Builder::new().with_secret(secret).build().unwrap();
    let shown = device.generate(u64::try_from(when.as_second()).unwrap());
    shown.to_string()
}

async fn enrolled(accounts: &Accounts) -> (String, Vec<String>) {
    let begun = accounts.begin_second_factor("dana").await.unwrap();
    assert!(begun.link.starts_with("otpauth://totp/Segue:dana?secret="));
    assert!(
        !format!("{begun:?}").contains(&begun.secret),
        "secrets are not printed"
    );
    let codes = accounts
        .confirm_second_factor("dana", &code(&begun.secret, at(0)), HOME, at(0))
        .await
        .unwrap();
    (begun.secret, codes)
}

fn rights(entry: &Entry) -> [bool; 3] {
    let actor = entry.actor();
    [Right::Sign, Right::Prepare, Right::BringHome].map(|right| actor.may(right))
}

async fn a_password_alone_opens_only_the_way_home_once_a_second_factor_is_enrolled(
    accounts: Accounts,
) {
    let before = accounts.enter("dana", PASSWORD, HOME, at(0)).await.unwrap();
    assert_eq!(
        (before.door, rights(&before)),
        (Door::Password, [true, true, true])
    );
    let (secret, _) = enrolled(&accounts).await;
    let half = accounts
        .enter("dana", PASSWORD, HOME, at(60))
        .await
        .unwrap();
    assert_eq!(
        (half.door, rights(&half)),
        (Door::HalfWay, [false, false, true])
    );
    let whole = accounts
        .enter_second("dana", &code(&secret, at(60)), HOME, at(60))
        .await;
    assert_eq!(rights(&whole.unwrap()), [true, true, true]);
    // Two in the morning: name and PIN, and nothing else.
    let pin = accounts
        .enter_with_pin("dana", PIN, HOME, at(61))
        .await
        .unwrap();
    assert_eq!((pin.door, rights(&pin)), (Door::Pin, [false, false, true]));
}

async fn a_code_is_good_once_whoever_is_quicker(accounts: Accounts) {
    let (secret, _) = enrolled(&accounts).await;
    let shown = code(&secret, at(60));
    let both = async |source: &str| accounts.enter_second("dana", &shown, source, at(60)).await;
    let (left, right) = tokio::join!(both(HOME), both("10.0.0.2"));
    let let_in = [&left, &right].iter().filter(|entry| entry.is_ok()).count();
    assert_eq!(let_in, 1, "{left:?} {right:?}");
    let other = if left.is_ok() { right } else { left };
    assert!(matches!(other, Err(EntryError::Used)), "{other:?}");
    let again = accounts.enter_second("dana", &shown, HOME, at(61)).await;
    assert!(matches!(again, Err(EntryError::Used)), "{again:?}");
    // An older code is no way round: time goes one way.
    let older = accounts
        .enter_second("dana", &code(&secret, at(30)), HOME, at(66))
        .await;
    assert!(
        matches!(older, Err(EntryError::Used | EntryError::Throttled { .. })),
        "{older:?}"
    );
    // The code that enrolled the device opens nothing either.
    let first = accounts
        .enter_second("dana", &code(&secret, at(0)), HOME, at(20))
        .await;
    assert!(
        matches!(first, Err(EntryError::Used | EntryError::Throttled { .. })),
        "{first:?}"
    );
    let next = accounts
        .enter_second("dana", &code(&secret, at(90)), HOME, at(90))
        .await;
    assert!(next.is_ok(), "{next:?}");
}

async fn clocks_may_differ_by_thirty_seconds(accounts: Accounts) {
    let (secret, _) = enrolled(&accounts).await;
    let mut now = 300;
    for (ahead, fits) in [(-30, true), (30, true), (-61, false), (61, false)] {
        let entry = accounts
            .enter_second("dana", &code(&secret, at(now + ahead)), HOME, at(now))
            .await;
        assert_eq!(entry.is_ok(), fits, "a device {ahead} s ahead: {entry:?}");
        now += 300;
    }
}

async fn codes_are_guessed_slowly_and_the_pin_is_not_slowed_down(accounts: Accounts) {
    let (secret, _) = enrolled(&accounts).await;
    let mut let_through = 0;
    for second in 0..3_600 {
        match accounts
            .enter_second("dana", "000000", HOME, at(1_000 + second))
            .await
        {
            Err(EntryError::Wrong) => let_through += 1,
            Err(EntryError::Throttled { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(
        let_through <= 20,
        "{let_through} guesses were looked at in an hour"
    );
    let pin = accounts.enter_with_pin("dana", PIN, HOME, at(4_600)).await;
    assert!(pin.is_ok(), "{pin:?}");
    let password = accounts.enter("dana", PASSWORD, HOME, at(4_600)).await;
    assert!(password.is_ok(), "{password:?}");
    let later = at(4_600 + 1_200);
    assert!(
        accounts
            .enter_second("dana", &code(&secret, later), HOME, later)
            .await
            .is_ok()
    );
}

async fn whoever_has_the_password_and_pauses_gets_no_more_guesses_at_the_code(accounts: Accounts) {
    enrolled(&accounts).await;
    let (mut guesses, mut now) = (0, 1_000);
    let day_ends = now + 86_400;
    while now < day_ends {
        // Half way in from a new place each time: no arrival, so that the guesses count together.
        let source = format!("203.0.113.{}", now % 250);
        let half = accounts.enter("dana", PASSWORD, &source, at(now)).await;
        assert_eq!(half.unwrap().door, Door::HalfWay);
        match accounts
            .enter_second("dana", "000000", &source, at(now))
            .await
        {
            Err(EntryError::Wrong) => guesses += 1,
            Err(EntryError::Throttled { .. }) => now += 901,
            other => panic!("{other:?}"),
        }
    }
    assert!(guesses <= 144, "{guesses} guesses were looked at in a day");
}

async fn a_recovery_code_is_good_once_and_a_lost_device_is_reset(accounts: Accounts) {
    let (secret, codes) = enrolled(&accounts).await;
    assert_eq!(codes.len(), 10);
    let typed = codes[3].to_ascii_uppercase().replace('-', " ");
    assert!(
        accounts
            .enter_second("dana", &typed, HOME, at(60))
            .await
            .is_ok()
    );
    let again = accounts.enter_second("dana", &codes[3], HOME, at(61)).await;
    assert!(matches!(again, Err(EntryError::Wrong)), "{again:?}");
    assert_eq!(accounts.recovery_codes("dana").await.unwrap(), 9);

    let error = accounts.begin_second_factor("dana").await.unwrap_err();
    assert!(error.to_string().contains("take it away first"), "{error}");
    let dana = accounts.get("dana").await.unwrap();
    assert!(dana.has_second_factor && dana.admits_since(at(61)));
    accounts.reset_second_factor("dana", at(70)).await.unwrap();
    let dana = accounts.get("dana").await.unwrap();
    assert!(!dana.has_second_factor);
    assert!(
        !dana.admits_since(at(69)),
        "who came in with the lost device is out"
    );
    assert_eq!(accounts.recovery_codes("dana").await.unwrap(), 0);
    let old = accounts
        .enter_second("dana", &code(&secret, at(90)), HOME, at(90))
        .await;
    assert!(matches!(old, Err(EntryError::Wrong)), "{old:?}");
    let old = accounts.enter_second("dana", &codes[4], HOME, at(90)).await;
    assert!(matches!(old, Err(EntryError::Wrong)), "{old:?}");
    assert!(accounts.begin_second_factor("dana").await.is_ok());
    assert!(
        accounts
            .reset_second_factor("nobody", at(90))
            .await
            .is_err()
    );
}

async fn an_enrolment_counts_once_its_code_has_come_back(accounts: Accounts) {
    assert_eq!(accounts.enrolment("dana").await.unwrap(), None);
    let first = accounts.begin_second_factor("dana").await.unwrap();
    let second = accounts.begin_second_factor("dana").await.unwrap();
    assert_ne!(first.secret, second.secret);
    assert_eq!(
        accounts.enrolment("dana").await.unwrap(),
        Some(second.clone())
    );
    // Closing the page in the middle leaves the password as it was.
    let entry = accounts.enter("dana", PASSWORD, HOME, at(1)).await.unwrap();
    assert_eq!(entry.door, Door::Password);
    let no_code = accounts
        .enter_second("dana", &code(&second.secret, at(1)), HOME, at(1))
        .await;
    assert!(matches!(no_code, Err(EntryError::Wrong)), "{no_code:?}");
    let stale = code(&first.secret, at(60));
    let wrong = accounts
        .confirm_second_factor("dana", &stale, HOME, at(60))
        .await;
    assert!(matches!(wrong, Err(EntryError::Wrong)), "{wrong:?}");
    let right = code(&second.secret, at(60));
    assert!(
        accounts
            .confirm_second_factor("dana", &right, HOME, at(60))
            .await
            .is_ok()
    );
    let twice = accounts
        .confirm_second_factor("dana", &right, HOME, at(60))
        .await;
    assert!(
        matches!(
            twice,
            Err(EntryError::Accounts(AccountError::NotEnrolling { .. }))
        ),
        "{twice:?}"
    );
    assert!(accounts.begin_second_factor("nobody").await.is_err());
}

async fn who_came_in_before_a_new_password_comes_in_anew(accounts: Accounts) {
    let dana = async || accounts.get("dana").await.unwrap();
    assert!(dana().await.admits_since(at(10)));
    assert!(
        !dana().await.admits_since(at(-1)),
        "an account of the same name, made anew"
    );
    accounts
        .set_password("dana", "another horse", at(20))
        .await
        .unwrap();
    assert!(!dana().await.admits_since(at(10)) && dana().await.admits_since(at(20)));
    accounts.end_entries("dana", at(30)).await.unwrap();
    assert!(!dana().await.admits_since(at(29)) && dana().await.admits_since(at(30)));
    accounts
        .set_roles("dana", &[Role::Viewer].into())
        .await
        .unwrap();
    assert_eq!(dana().await.roles, [Role::Viewer].into());
}

async fn a_login_on_the_command_line_ends_with_every_other_session(accounts: Accounts) {
    let token = async |label: &str, made_s: i64| {
        let new = NewToken::of("dana", label, TokenScope::Act);
        accounts.add_token(&new, at(made_s)).await.unwrap()
    };
    let opens = async |token: &str| accounts.enter_with_token(token, at(50)).await.is_ok();
    let (login, machine) = (token(LOGIN_LABEL, 10).await, token("desk", 10).await);
    assert!(opens(&login).await);
    accounts.end_entries("dana", at(20)).await.unwrap();
    assert!(!opens(&login).await, "every session is ended");
    assert!(
        opens(&machine).await,
        "a machine's token is taken back by name"
    );
    assert!(opens(&token(LOGIN_LABEL, 20).await).await);
}

async fn tokens_are_listed_with_their_use_and_belong_to_a_site(accounts: Accounts) {
    let feed = NewToken {
        site: Some("RVS-Main".into()),
        expires_at: Some(at(600)),
        ..NewToken::of("dana", "acd", TokenScope::Ingest)
    };
    let token = accounts.add_token(&feed, at(0)).await.unwrap();
    accounts
        .add_token(&NewToken::of("dana", "pbx", TokenScope::Route), at(1))
        .await
        .unwrap();
    let used = async || accounts.tokens().await.unwrap()[0].used_at;
    assert_eq!(used().await, None);
    for (second, noted) in [(10, 10), (60, 10), (71, 71)] {
        let entry = accounts.enter_with_token(&token, at(second)).await.unwrap();
        assert_eq!(entry.site.as_deref(), Some("RVS-Main"));
        assert_eq!(
            used().await,
            Some(at(noted)),
            "written at most once a minute"
        );
    }
    let all = accounts.tokens().await.unwrap();
    let listed: Vec<_> = all
        .iter()
        .map(|t| (t.label.as_str(), t.scope, t.site.as_deref(), t.expires_at))
        .collect();
    assert_eq!(
        listed,
        [
            ("acd", TokenScope::Ingest, Some("RVS-Main"), Some(at(600))),
            ("pbx", TokenScope::Route, None, None)
        ]
    );
    assert!(!serde_json::to_string(&all).unwrap().contains(&token));
    accounts.remove_tokens("dana", "acd").await.unwrap();
    assert!(accounts.enter_with_token(&token, at(72)).await.is_err());
    let error = accounts.remove_tokens("dana", "acd").await.unwrap_err();
    assert!(
        error.to_string().contains("`segue user tokens` lists all"),
        "{error}"
    );
    let whole = NewToken {
        site: Some("RVS-Main".into()),
        ..NewToken::of("dana", "x", TokenScope::Act)
    };
    assert!(accounts.add_token(&whole, at(1)).await.is_err());
}

async fn the_audit_lists_who_did_what_to_which_record(accounts: Accounts) {
    let dana = ("dana", Side::Client);
    accounts
        .note(dana, Act::ReadCall, "call-1", at(1))
        .await
        .unwrap();
    accounts
        .note(dana, Act::ReadCall, "call-1", at(1))
        .await
        .unwrap();
    accounts
        .note(dana, Act::ReadPeople, "people", at(2))
        .await
        .unwrap();
    let erin = ("erin", Side::Outsourcer);
    accounts
        .note(erin, Act::ReadCall, "call-1", at(3))
        .await
        .unwrap();
    accounts
        .note(erin, Act::ReadCall, &"x\0".repeat(500), at(4))
        .await
        .unwrap();
    let list = async |filter: AuditFilter| -> Vec<(String, Act, i64)> {
        let lines = accounts.audit(&filter).await.unwrap();
        let short = |line: &segue_journal::accounts::Audited| {
            (
                line.who.clone(),
                line.act,
                line.at.as_second() - at(0).as_second(),
            )
        };
        lines.iter().map(short).collect()
    };
    let of_call = AuditFilter {
        about: "call-1".into(),
        ..AuditFilter::default()
    };
    assert_eq!(
        list(of_call).await,
        [
            ("erin".into(), Act::ReadCall, 3),
            ("dana".into(), Act::ReadCall, 1)
        ]
    );
    let of_dana = AuditFilter {
        who: "dana".into(),
        since: Some(at(2)),
        ..AuditFilter::default()
    };
    assert_eq!(list(of_dana).await, [("dana".into(), Act::ReadPeople, 2)]);
    assert_eq!(list(AuditFilter::default()).await.len(), 4);
    accounts.prune(at(7 * 366 * 86_400)).await.unwrap();
    assert_eq!(list(AuditFilter::default()).await.len(), 0);
}
