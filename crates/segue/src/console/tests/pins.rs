//! The duty PIN while the accounts' database is gone.

use super::rig::{HERE, PIN, Rig, press};
use segue_web::{Console, Credentials, Door, SignIn};

fn credentials(user: &str, secret: &str) -> Credentials {
    Credentials {
        user: user.to_owned(),
        secret: secret.to_owned(),
        source: HERE,
    }
}

#[tokio::test]
async fn a_duty_pin_brings_calls_home_while_the_accounts_are_gone() {
    let mut rig = Rig::new().await;
    let people = &rig.shared().people;
    people.spares.renew(&people.accounts).await.unwrap();
    people.accounts.close().await;
    for (user, pin) in [("rvs-duty", "00000001"), ("nobody", PIN)] {
        let answer = rig.console.authenticate_pin(credentials(user, pin)).await;
        assert!(matches!(answer, SignIn::Unknown), "{user}: {answer:?}");
    }
    let SignIn::Known(person) = rig
        .console
        .authenticate_pin(credentials("rvs-duty", PIN))
        .await
    else {
        panic!("the PIN is right");
    };
    let answer = rig
        .console
        .fallback(press(person, Door::Pin, "by-spare-pin"))
        .await;
    assert_eq!(answer.unwrap().nodes_home, 1);
    let view = rig.show().await;
    assert!(view.nodes[0].home, "{:?}", view.nodes);
    // A password is not kept here: nobody signs in with one.
    let answer = rig.console.authenticate(credentials("rvs-duty", "x")).await;
    assert!(matches!(answer, SignIn::Unavailable { .. }), "{answer:?}");
}

#[tokio::test]
async fn strangers_who_guess_keep_no_duty_manager_elsewhere_out() {
    let rig = Rig::new().await;
    let right = || credentials("rvs-duty", PIN);
    let guess = async |n: usize| {
        let guess = Credentials {
            source: "203.0.113.9".parse().unwrap(),
            ..credentials(&format!("invented-{n}"), "00000001")
        };
        rig.console.authenticate_pin(guess).await
    };
    let mut waits = false;
    for n in 0..30 {
        waits |= matches!(guess(n).await, SignIn::Throttled { .. });
    }
    assert!(waits, "whoever guesses is slowed down");
    let answer = rig.console.authenticate_pin(right()).await;
    assert!(matches!(answer, SignIn::Known(_)), "{answer:?}");
}
