//! The page without JavaScript, from the real binary: sign in, bring the calls home by form, by session and by PIN.

use crate::support::centre::Centre;
use crate::support::page::{Page, Visitor};
use crate::support::serve::Serving;
use crate::support::world::{CLIENT, PASSWORD, PIN, Targets, World};

struct Site {
    world: World,
    serving: Serving,
    _home: Centre,
}

fn site() -> Site {
    let home = Centre::at([127, 0, 0, 2]);
    let world = World::live(
        Targets {
            in_house: home.addr,
            outsourced: home.addr,
            last_resort: home.addr,
        },
        &[20],
    );
    let serving = Serving::start(&world.data());
    Site {
        world,
        serving,
        _home: home,
    }
}

impl Site {
    fn is_home(&self) -> bool {
        self.world.line()["state"] == "returned"
            && self.world.status()["nodes"][0]["position"] == self.world.status()["position"]
    }
}

async fn sign_in(visitor: &mut Visitor, password: &str) -> Page {
    let form = visitor.get("/login").await;
    form.says("name=\"password\"");
    let csrf = form.hidden("csrf");
    visitor
        .post(
            "/login",
            &[
                ("csrf", &csrf),
                ("user", CLIENT),
                ("password", password),
                ("next", "/"),
            ],
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_pressing_by_form() {
    let site = site();
    let mut visitor = Visitor::new(site.serving.http);
    let front = visitor.get("/").await;
    assert!(
        front.status == 303 && front.location.starts_with("/login"),
        "nobody reads without signing in: {front:?}"
    );
    assert_eq!(sign_in(&mut visitor, "not the password").await.status, 401);
    let entered = sign_in(&mut visitor, PASSWORD).await;
    assert_eq!((entered.status, entered.location.as_str()), (303, "/"));

    let live = visitor.get("/").await;
    assert_eq!(live.status, 200);
    for words in [
        "RVS-Main",
        "RVS-Main/MSG",
        "Riverside Health",
        "action=\"/fallback\"",
    ] {
        live.says(words);
    }
    let press = [
        ("csrf", live.hidden("csrf")),
        ("command", live.hidden("command")),
        ("scope", "all".into()),
        ("reason", "trunk".into()),
    ];
    // A forged form changes nothing.
    let forged = visitor
        .post(
            "/fallback",
            &[
                ("csrf", "forged"),
                ("command", &press[1].1),
                ("scope", "all"),
            ],
        )
        .await;
    assert_eq!((forged.status, site.is_home()), (403, false));

    let fields: Vec<_> = press
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let pressed = visitor.post("/fallback", &fields).await;
    assert_eq!(pressed.status, 303, "{pressed:?}");
    assert!(site.is_home(), "the press is through when it is answered");
    let result = visitor.get(&pressed.location).await;
    assert_eq!(result.status, 200);
    result.says("INC-1");
    // Sent twice, as an impatient browser does: the same incident.
    let twice = visitor.post("/fallback", &fields).await;
    assert_eq!((twice.status, &twice.location), (303, &pressed.location));
    let fell_back = site
        .world
        .facts("export.jsonl")
        .into_iter()
        .filter(|line| line["kind"] == "fell_back")
        .count();
    assert_eq!(fell_back, 1);
    assert_eq!(site.serving.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duty_pin_brings_calls_home_and_does_nothing_else() {
    let site = site();
    let mut visitor = Visitor::new(site.serving.http);
    let duty = visitor.get("/duty").await;
    assert_eq!(duty.status, 200);
    let (csrf, command) = (duty.hidden("csrf"), duty.hidden("command"));
    let fields = |pin| {
        [
            ("csrf", csrf.as_str()),
            ("command", command.as_str()),
            ("scope", "all"),
            ("user", CLIENT),
            ("pin", pin),
        ]
    };
    let wrong = visitor.post("/fallback", &fields("00000000")).await;
    assert_eq!((wrong.status, site.is_home()), (401, false), "{wrong:?}");
    let pressed = visitor.post("/fallback", &fields(PIN)).await;
    assert_eq!(pressed.status, 303, "{pressed:?}");
    assert!(site.is_home());
    visitor.get(&pressed.location).await.says("INC-1");
    // The PIN signed nobody in, and it is no password.
    assert_eq!(visitor.get("/").await.status, 303);
    assert_eq!(sign_in(&mut visitor, PIN).await.status, 401);
    assert_eq!(site.serving.stop(), 0);
}
