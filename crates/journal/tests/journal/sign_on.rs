//! Accounts tied to somebody at a provider of single sign-on, on both databases.

use jiff::{SignedDuration, Timestamp};
use segue_domain::{Right, Role, Side};
use segue_journal::accounts::{AccountError, Accounts, Door, NewAccount, ProviderIdentity};
use totp_rs::{Builder, Secret};

const ISSUER: &str = "https://id.example.org";
const HOME: &str = "10.0.0.1";

fn at(second: i64) -> Timestamp {
    "2026-11-22T05:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

fn identity(subject: &str) -> ProviderIdentity {
    ProviderIdentity {
        issuer: ISSUER.into(),
        subject: subject.into(),
    }
}

async fn with_two(accounts: Accounts) -> Accounts {
    let accounts = accounts.sealed_with(&[7; 32]);
    for (name, side) in [("dana", Side::Client), ("max", Side::Outsourcer)] {
        let new = NewAccount {
            name: name.into(),
            side,
            roles: [Role::Signatory].into(),
            password: "correct horse".into(),
            pin: None,
            public_key: None,
        };
        accounts.add(&new, at(0)).await.unwrap();
    }
    accounts
}

on_both!(
    Accounts, "accounts.db", with_two:
    a_subject_opens_the_one_account_it_is_tied_to,
    nobody_has_two_accounts_by_one_sign_in,
    the_accounts_own_second_factor_is_asked_for_whatever_the_provider_asked,
);

async fn a_subject_opens_the_one_account_it_is_tied_to(accounts: Accounts) {
    let who = identity("4711");
    let enter = async |who: &ProviderIdentity| {
        let entered = accounts.enter_with_identity(who, HOME, at(9));
        entered.await.unwrap()
    };
    assert_eq!(enter(&who).await, None);
    assert!(!accounts.get("dana").await.unwrap().has_single_sign_on);
    accounts
        .set_identity("dana", Some(&who), at(5))
        .await
        .unwrap();
    let entry = enter(&who).await.unwrap();
    assert_eq!(
        (entry.account.name.as_str(), entry.door),
        ("dana", Door::Password)
    );
    assert!(entry.account.has_single_sign_on && entry.actor().may(Right::Sign));
    // Whoever came in before is out, and the same subject of another provider is somebody else.
    assert!(!entry.account.admits_since(at(4)) && entry.account.admits_since(at(5)));
    let elsewhere = ProviderIdentity {
        issuer: "https://id.example.net".into(),
        ..who.clone()
    };
    for stranger in [
        &elsewhere,
        &identity("4712"),
        &identity(""),
        &identity("47"),
    ] {
        assert_eq!(enter(stranger).await, None, "{stranger:?}");
    }
    accounts.set_identity("dana", None, at(7)).await.unwrap();
    assert_eq!(enter(&who).await, None);
    assert!(!accounts.get("dana").await.unwrap().admits_since(at(6)));
}

async fn nobody_has_two_accounts_by_one_sign_in(accounts: Accounts) {
    let who = identity("4711");
    accounts
        .set_identity("dana", Some(&who), at(1))
        .await
        .unwrap();
    // Again is no other account.
    accounts
        .set_identity("dana", Some(&who), at(2))
        .await
        .unwrap();
    let long = "x".repeat(3_000);
    for (name, subject) in [
        ("max", "4711"),
        ("max", ""),
        ("max", "a\nb"),
        ("max", &long),
    ] {
        let tied = accounts
            .set_identity(name, Some(&identity(subject)), at(3))
            .await;
        assert!(
            matches!(tied, Err(AccountError::BadIdentity)),
            "{subject}: {tied:?}"
        );
    }
    let tied = accounts
        .set_identity("nobody", Some(&identity("1")), at(3))
        .await;
    assert!(matches!(tied, Err(AccountError::Unknown { .. })));
}

async fn the_accounts_own_second_factor_is_asked_for_whatever_the_provider_asked(
    accounts: Accounts,
) {
    let who = identity("4711");
    accounts
        .set_identity("dana", Some(&who), at(0))
        .await
        .unwrap();
    let begun = accounts.begin_second_factor("dana").await.unwrap();
    let secret = Secret::try_from_base32(&begun.secret).unwrap();
    let device = Builder::new().with_secret(secret).build().unwrap();
    let code = |when: Timestamp| {
        let shown = device.generate(u64::try_from(when.as_second()).unwrap());
        shown.to_string()
    };
    let first = code(at(0));
    let confirm = accounts.confirm_second_factor("dana", &first, HOME, at(0));
    confirm.await.unwrap();
    let entered = accounts.enter_with_identity(&who, HOME, at(60));
    assert_eq!(entered.await.unwrap().unwrap().door, Door::HalfWay);
    let second = code(at(60));
    let entered = accounts.enter_second("dana", &second, HOME, at(60));
    assert_eq!(entered.await.unwrap().door, Door::Password);
}
