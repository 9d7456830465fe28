//! Who may come in, how far, and how guessing is slowed down without keeping anybody out.

use jiff::{SignedDuration, Timestamp};
use segue_domain::{Right, Role, Side};
use segue_journal::accounts::{
    Account, AccountError, Accounts, Door, Entry, EntryError, NewAccount, NewToken, TokenScope,
};

const PASSWORD: &str = "correct horse";
const PIN: &str = "27182818";
const HOME: &str = "10.0.0.1";
const AWAY: &str = "203.0.113.9";

fn at(second: i64) -> Timestamp {
    "2026-11-22T05:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

fn person(name: &str) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        side: Side::Client,
        roles: [Role::Signatory, Role::Implementation].into(),
        password: PASSWORD.to_owned(),
        pin: Some(PIN.to_owned()),
        public_key: None,
    }
}

/// With one person in it.
async fn with_dana(accounts: Accounts) -> Accounts {
    accounts.add(&person("dana"), at(0)).await.unwrap();
    accounts
}

on_both!(
    Accounts, "accounts.db", with_dana:
    accounts_are_added_listed_changed_and_removed,
    unfit_accounts_are_refused_with_a_next_step,
    each_door_lets_through_what_it_is_for,
    a_token_ends_when_it_expires_or_is_taken_back,
    guessing_a_person_is_slowed_from_anywhere_but_not_for_who_came_in_before,
    guessing_from_one_source_is_slowed_whoever_it_names_and_is_forgotten,
    many_guesses_at_once_gain_nothing,
    an_account_is_tied_to_one_pseudonym_and_only_its_person_comes_in_with_it,
);

fn retry_s(answer: &Result<Entry, EntryError>) -> Option<u64> {
    match answer {
        Err(EntryError::Throttled { retry_s }) => Some(*retry_s),
        _ => None,
    }
}

async fn accounts_are_added_listed_changed_and_removed(accounts: Accounts) {
    let erin = NewAccount {
        name: "erin".into(),
        side: Side::Outsourcer,
        pin: None,
        ..person("")
    };
    accounts.add(&erin, at(1)).await.unwrap();
    let all = accounts.list().await.unwrap();
    let all: Vec<_> = all
        .iter()
        .map(|a| (a.name.as_str(), a.side, a.has_pin))
        .collect();
    assert_eq!(
        all,
        [
            ("dana", Side::Client, true),
            ("erin", Side::Outsourcer, false)
        ]
    );

    accounts
        .set_password("erin", "another horse", at(2))
        .await
        .unwrap();
    assert!(accounts.enter("erin", PASSWORD, HOME, at(2)).await.is_err());
    assert!(
        accounts
            .enter("erin", "another horse", HOME, at(2))
            .await
            .is_ok()
    );
    accounts.set_pin("erin", Some(PIN)).await.unwrap();
    assert!(
        accounts
            .enter_with_pin("erin", PIN, HOME, at(3))
            .await
            .is_ok()
    );
    accounts.set_pin("erin", None).await.unwrap();
    assert!(
        accounts
            .enter_with_pin("erin", PIN, HOME, at(4))
            .await
            .is_err()
    );

    let token = accounts
        .add_token(&NewToken::of("erin", "feed", TokenScope::Ingest), at(5))
        .await
        .unwrap();
    assert!(accounts.enter_with_token(&token, at(6)).await.is_ok());
    accounts.remove("erin").await.unwrap();
    assert!(
        accounts
            .enter("erin", "another horse", HOME, at(7))
            .await
            .is_err()
    );
    assert!(
        accounts.enter_with_token(&token, at(7)).await.is_err(),
        "tokens go with the account"
    );
    assert!(matches!(
        accounts.remove("erin").await,
        Err(AccountError::Unknown { .. })
    ));
}

#[tokio::test]
async fn no_secret_is_in_the_file_in_the_clear() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("accounts.db");
    let accounts = with_dana(Accounts::open(&path).await.unwrap()).await;
    let token = accounts
        .add_token(&NewToken::of("dana", "feed", TokenScope::Ingest), at(5))
        .await
        .unwrap();
    accounts.close().await;
    let bytes = std::fs::read(path).unwrap();
    for secret in [PASSWORD, PIN, token.as_str()] {
        let mut windows = bytes.windows(secret.len());
        assert!(!windows.any(|window| window == secret.as_bytes()));
    }
}

async fn unfit_accounts_are_refused_with_a_next_step(accounts: Accounts) {
    for (what, new, says) in [
        ("the name is taken", person("dana"), "exists already"),
        ("no name", person(""), "cannot be an account name"),
        (
            "a name with a space",
            person("da na"),
            "cannot be an account name",
        ),
        ("Segue's own", person("Segue"), "taken for Segue itself"),
        ("a login's label", person("login"), "another name"),
        ("a token", person("segue_acd"), "another name"),
        (
            "a password like a token",
            NewAccount {
                password: "segue_correct horse".into(),
                ..person("x")
            },
            "as tokens do",
        ),
        (
            "a short password",
            NewAccount {
                password: "123456789".into(),
                ..person("x")
            },
            "at least 10",
        ),
        (
            "a long password",
            NewAccount {
                password: "x".repeat(1_025),
                ..person("x")
            },
            "at most 1024",
        ),
        (
            "a short PIN",
            NewAccount {
                pin: Some("1234567".into()),
                ..person("x")
            },
            "at least 8 digits",
        ),
        (
            "one digit",
            NewAccount {
                pin: Some("11111111".into()),
                ..person("x")
            },
            "not all the same",
        ),
        (
            "no key",
            NewAccount {
                public_key: Some("ab".into()),
                ..person("x")
            },
            "segue key new",
        ),
    ] {
        let error = accounts.add(&new, at(1)).await.unwrap_err();
        assert!(error.to_string().contains(says), "{what}: {error}");
    }
    assert_eq!(accounts.list().await.unwrap().len(), 1);
    assert!(
        !format!("{:?}", person("x")).contains(PASSWORD),
        "secrets are not printed"
    );
}

async fn each_door_lets_through_what_it_is_for(accounts: Accounts) {
    let by_password = accounts.enter("dana", PASSWORD, HOME, at(1)).await.unwrap();
    let by_pin = accounts
        .enter_with_pin("dana", PIN, HOME, at(1))
        .await
        .unwrap();
    assert_eq!((by_password.door, by_pin.door), (Door::Password, Door::Pin));
    let mut by_token = Vec::new();
    for scope in TokenScope::ALL {
        let token = accounts
            .add_token(&NewToken::of("dana", scope.as_str(), scope), at(1))
            .await
            .unwrap();
        by_token.push(accounts.enter_with_token(&token, at(2)).await.unwrap());
    }
    let rights = |entry: &Entry| {
        let actor = entry.actor();
        assert_eq!(actor.person.as_str(), "dana");
        [
            Right::Prepare,
            Right::Sign,
            Right::PlaceTestCalls,
            Right::BringHome,
        ]
        .map(|right| actor.may(right))
    };
    assert_eq!(rights(&by_password), [true, true, true, true]);
    assert_eq!(rights(&by_pin), [false, false, false, true]);
    let by_token: Vec<_> = by_token.iter().map(rights).collect();
    let nothing = [false; 4];
    let home = [false, false, false, true];
    assert_eq!(by_token, [nothing, nothing, nothing, home, [true; 4]]);

    // A PIN gives nobody a right the roles do not carry.
    let viewer = NewAccount {
        roles: [Role::Viewer].into(),
        ..person("vera")
    };
    accounts.add(&viewer, at(1)).await.unwrap();
    let vera = accounts
        .enter_with_pin("vera", PIN, HOME, at(2))
        .await
        .unwrap();
    assert_eq!(rights_of(&vera), nothing);
}

fn rights_of(entry: &Entry) -> [bool; 4] {
    let actor = entry.actor();
    [
        Right::Prepare,
        Right::Sign,
        Right::PlaceTestCalls,
        Right::BringHome,
    ]
    .map(|right| actor.may(right))
}

/// Roles open boards too: the door that only brings calls home must not show HR's.
#[test]
fn who_comes_in_to_bring_calls_home_has_no_other_role_and_no_other_right() {
    let account = |roles: &[Role]| Account {
        name: "pat".into(),
        side: Side::Client,
        roles: roles.iter().copied().collect(),
        has_pin: true,
        has_second_factor: false,
        has_single_sign_on: false,
        staff: None,
        valid_from: at(0),
        public_key: None,
        created_at: at(0),
    };
    for door in [Door::Pin, Door::HalfWay, Door::Token(TokenScope::Home)] {
        let enter = |roles: &[Role]| Entry::of(account(roles), door).actor();
        let both = enter(&[Role::HumanResources, Role::Duty, Role::Signatory]);
        assert!(both.may(Right::BringHome) && !both.may(Right::Sign) && !both.may(Right::Report));
        assert!(!both.is(Role::HumanResources) && !both.is(Role::Signatory));
        assert!(!enter(&[Role::HumanResources]).may(Right::BringHome));
    }
}

async fn a_token_ends_when_it_expires_or_is_taken_back(accounts: Accounts) {
    let until = Some(at(60));
    let token = accounts
        .add_token(
            &NewToken {
                expires_at: until,
                ..NewToken::of("dana", "job", TokenScope::Read)
            },
            at(0),
        )
        .await
        .unwrap();
    let other = accounts
        .add_token(&NewToken::of("dana", "other", TokenScope::Read), at(0))
        .await
        .unwrap();
    assert!(accounts.enter_with_token(&token, at(59)).await.is_ok());
    assert!(matches!(
        accounts.enter_with_token(&token, at(60)).await,
        Err(EntryError::Wrong)
    ));
    accounts.remove_tokens("dana", "other").await.unwrap();
    assert!(matches!(
        accounts.enter_with_token(&other, at(1)).await,
        Err(EntryError::Wrong)
    ));
    assert!(accounts.enter_with_token("segue_", at(1)).await.is_err());
    assert!(
        accounts
            .add_token(&NewToken::of("nobody", "job", TokenScope::Read), at(0))
            .await
            .is_err()
    );
}

async fn guessing_a_person_is_slowed_from_anywhere_but_not_for_who_came_in_before(
    accounts: Accounts,
) {
    assert!(
        accounts
            .enter_with_pin("dana", PIN, HOME, at(0))
            .await
            .is_ok()
    );
    for n in 0..5 {
        let source = format!("203.0.113.{n}");
        let answer = accounts
            .enter_with_pin("dana", "00000001", &source, at(1))
            .await;
        assert!(
            matches!(answer, Err(EntryError::Wrong)),
            "guess {n}: {answer:?}"
        );
    }
    // From anywhere new, even the right PIN has to wait ...
    let answer = accounts.enter_with_pin("dana", PIN, AWAY, at(1)).await;
    assert_eq!(retry_s(&answer), Some(1));
    assert!(answer.unwrap_err().to_string().contains("wait 1 s"));
    // ... from where she always comes in it does not, nor does anybody else, nor does her password.
    assert!(
        accounts
            .enter_with_pin("dana", PIN, HOME, at(1))
            .await
            .is_ok()
    );
    assert!(accounts.enter("dana", PASSWORD, AWAY, at(1)).await.is_ok());
    accounts.add(&person("duty"), at(0)).await.unwrap();
    assert!(
        accounts
            .enter_with_pin("duty", PIN, AWAY, at(1))
            .await
            .is_ok()
    );

    // The wait doubles up to a minute and ends.
    let mut now = 2;
    let mut waits = Vec::new();
    for _ in 0..8 {
        assert!(
            accounts
                .enter_with_pin("dana", "00000001", "198.51.100.7", at(now))
                .await
                .is_err()
        );
        let wait = retry_s(
            &accounts
                .enter_with_pin("dana", PIN, "198.51.100.8", at(now))
                .await,
        );
        waits.push(wait.unwrap());
        now += i64::try_from(wait.unwrap()).unwrap();
    }
    assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60, 60]);
    assert!(
        accounts
            .enter_with_pin("dana", PIN, "198.51.100.9", at(now))
            .await
            .is_ok()
    );
}

async fn guessing_from_one_source_is_slowed_whoever_it_names_and_is_forgotten(accounts: Accounts) {
    for n in 0..21 {
        let answer = accounts
            .enter(&format!("user{n}"), "wrong secret", AWAY, at(0))
            .await;
        assert!(
            matches!(answer, Err(EntryError::Wrong)),
            "guess {n}: {answer:?}"
        );
    }
    assert_eq!(
        retry_s(&accounts.enter("dana", PASSWORD, AWAY, at(0)).await),
        Some(1)
    );
    assert!(
        accounts.enter("dana", PASSWORD, HOME, at(0)).await.is_ok(),
        "another source is free"
    );
    assert!(
        accounts
            .enter("dana", PASSWORD, AWAY, at(901))
            .await
            .is_ok()
    );
    accounts.prune(at(90_000)).await.unwrap();
}

async fn many_guesses_at_once_gain_nothing(accounts: Accounts) {
    let guesses: Vec<_> = (0..16)
        .map(|n| {
            let accounts = accounts.clone();
            tokio::spawn(async move {
                accounts
                    .enter_with_pin("dana", &format!("0000{n:04}"), AWAY, at(0))
                    .await
            })
        })
        .collect();
    let mut checked = 0;
    for guess in guesses {
        checked += usize::from(matches!(guess.await.unwrap(), Err(EntryError::Wrong)));
    }
    assert_eq!(checked, 5, "as many as one after another");
}

async fn an_account_is_tied_to_one_pseudonym_and_only_its_person_comes_in_with_it(
    accounts: Accounts,
) {
    let outside = NewAccount {
        side: Side::Outsourcer,
        ..person("fritz")
    };
    for new in [person("erin"), outside] {
        accounts.add(&new, at(0)).await.unwrap();
    }
    accounts.set_staff("dana", Some("RN-07")).await.unwrap();
    for (name, why) in [
        ("erin", "it is dana's"),
        ("fritz", "no staff of the client's"),
    ] {
        let refused = accounts.set_staff(name, Some("RN-07")).await;
        assert!(
            matches!(refused, Err(AccountError::NotOnTheRoster { .. })),
            "{why}"
        );
    }
    let known = async |entry: Entry| entry.actor().staff.map(|staff| staff.to_string());
    let entry = accounts.enter("dana", PASSWORD, HOME, at(1)).await.unwrap();
    assert!(!serde_json::to_string(&entry).unwrap().contains("RN-07"));
    assert_eq!(known(entry).await.as_deref(), Some("RN-07"));
    let by_pin = accounts
        .enter_with_pin("dana", PIN, HOME, at(1))
        .await
        .unwrap();
    assert_eq!(
        known(by_pin).await,
        None,
        "a PIN brings calls home and shows nothing"
    );
    let reads = NewToken::of("dana", "calendar", TokenScope::Read);
    let token = accounts.add_token(&reads, at(1)).await.unwrap();
    let by_token = accounts.enter_with_token(&token, at(1)).await.unwrap();
    assert_eq!(known(by_token).await, None);
    accounts.set_staff("dana", None).await.unwrap();
    accounts.set_staff("erin", Some("RN-07")).await.unwrap();
    let entry = accounts.enter("dana", PASSWORD, HOME, at(2)).await.unwrap();
    assert_eq!(known(entry).await, None);
}
