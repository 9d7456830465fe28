//! Real calls between real sockets on loopback: the user agent, the centres, the IVR, the feed and the test call.

#![expect(
    clippy::expect_used,
    reason = "a test says what it expects and stops there"
)]

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use segue_trials::acd::AcdEventKind::{Abandoned, Answered, Arrived, Ended, Queued};
use segue_trials::acd::{AcdEvent, AcdEventKind};
use segue_trials::agent::{Agent, AgentSettings, End, Leg, Place, Timers};
use segue_trials::callers::{Arrivals, CallerSettings, CallerType, Callers};
use segue_trials::centre::{Behaviour, Centre, CentreSettings};
use segue_trials::feed::{self, Feed, FeedSettings};
use segue_trials::floor::{FloorSettings, HandleTime, Pool};
use segue_trials::ivr::{Ivr, IvrSettings};
use segue_trials::test_call::TestCall;
use segue_trials::tone::Tone;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

fn here() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

async fn agent(name: &str) -> Agent {
    let timers = Timers {
        b_ms: 3_000,
        linger_ms: 500,
        ..Timers::default()
    };
    Agent::bind(AgentSettings {
        timers,
        ..AgentSettings::new(here(), name)
    })
    .await
    .expect("a free port")
}

fn centre_settings(agents: u32, handle_s: f64) -> CentreSettings {
    CentreSettings {
        name: "in_house".into(),
        run: "1".into(),
        agent: AgentSettings::new(here(), "centre"),
        floor: FloorSettings {
            pools: vec![Pool {
                name: "A".into(),
                call_types: vec!["message".into()],
                agents,
            }],
            handle_times: BTreeMap::from([(
                "message".into(),
                HandleTime {
                    mean_s: handle_s,
                    cv: 0.0,
                },
            )]),
            wrap_up_s: 0.0,
            queue_calls_max: 1_000,
            acceleration: 1.0,
            seed: 1,
        },
        lines: BTreeMap::from([("7001".into(), "message".into())]),
        default_type: "message".into(),
        ring_ms: 0,
    }
}

async fn ended(leg: &Leg) -> End {
    timeout(PATIENCE, leg.ended()).await.expect("in time").0
}

#[tokio::test]
async fn a_call_has_audio_both_ways_and_either_side_can_hang_up() {
    let (caller, mut far_end) = (agent("caller").await, agent("callee").await);
    for caller_hangs_up in [true, false] {
        let mut place = Place::new(format!("sip:7001@{}", far_end.local_addr()));
        place.caller = Some("+16095550123".into());
        let out = caller.caller().place(place).await.expect("placed");
        let incoming = far_end.incoming().await.expect("arrives");
        assert_eq!(incoming.dialled(), "7001");
        assert_eq!(incoming.caller().as_deref(), Some("+16095550123"));
        incoming.ring();
        let into = incoming.answer();
        into.audio().expect("audio").play(Tone::Person);
        assert!(timeout(PATIENCE, out.answered()).await.expect("in time"));
        let person = out
            .audio()
            .expect("audio")
            .until(|r| r.hearing == Some(Tone::Person));
        assert!(timeout(PATIENCE, person).await.expect("in time"));
        let voice = into
            .audio()
            .expect("audio")
            .until(|r| r.hearing == Some(Tone::Caller));
        assert!(timeout(PATIENCE, voice).await.expect("in time"));
        let (here, there) = if caller_hangs_up {
            (&out, &into)
        } else {
            (&into, &out)
        };
        here.hang_up();
        assert_eq!(ended(there).await, End::HungUpThere);
        assert_eq!(ended(here).await, End::HungUpHere);
    }
    let port = far_end.local_addr();
    assert_eq!(
        caller.stop().await,
        segue_trials::agent::AgentCounts::default()
    );
    far_end.stop().await;
    tokio::net::UdpSocket::bind(port)
        .await
        .expect("the port is free again");
}

#[tokio::test]
async fn a_cancel_before_the_answer_gets_487() {
    let (caller, mut far_end) = (agent("caller").await, agent("callee").await);
    let to = format!("sip:7001@{}", far_end.local_addr());
    let out = caller.caller().place(Place::new(to)).await.expect("placed");
    let incoming = far_end.incoming().await.expect("arrives");
    incoming.ring();
    timeout(PATIENCE, out.until(|p| p.last_status == Some(180)))
        .await
        .expect("in time");
    out.hang_up();
    assert_eq!(ended(&out).await, End::Cancelled);
    assert_eq!(out.progress().last_status, Some(487));
    assert_eq!(
        timeout(PATIENCE, incoming.given_up())
            .await
            .expect("in time"),
        End::Cancelled
    );
    caller.stop().await;
    far_end.stop().await;
}

#[tokio::test]
async fn two_hundred_calls_at_once_are_all_answered_and_ended() {
    let (caller, mut far_end) = (agent("caller").await, agent("callee").await);
    let to = format!("sip:7001@{}", far_end.local_addr());
    let mut out = Vec::new();
    for _ in 0..200 {
        let place = Place {
            audio: None,
            ..Place::new(&to)
        };
        out.push(caller.caller().place(place).await.expect("placed"));
    }
    let mut into = Vec::new();
    for _ in 0..200 {
        let incoming = timeout(PATIENCE, far_end.incoming())
            .await
            .expect("in time");
        into.push(incoming.expect("arrives").answer());
    }
    for leg in &out {
        assert!(timeout(PATIENCE, leg.answered()).await.expect("in time"));
    }
    out.iter().for_each(Leg::hang_up);
    for (out, into) in out.iter().zip(&into) {
        assert_eq!(ended(out).await, End::HungUpHere);
        assert_eq!(ended(into).await, End::HungUpThere);
    }
    caller.stop().await;
    far_end.stop().await;
}

#[tokio::test]
async fn a_centre_answers_queues_and_tells_of_the_one_who_gave_up() {
    let (publisher, mut events) = feed::channel(1_000);
    let centre = Centre::start(centre_settings(1, 1.0), publisher)
        .await
        .expect("starts");
    let caller = agent("caller").await;
    let to = format!("sip:7001@{}", centre.local_addr());
    let mut place = Place::new(&to);
    place.headers.push(("X-Segue-Call".into(), "c-1".into()));
    let served = caller.caller().place(place).await.expect("placed");
    let person = served
        .audio()
        .expect("audio")
        .until(|r| r.hearing == Some(Tone::Person));
    assert!(timeout(PATIENCE, person).await.expect("in time"));
    let waits = caller
        .caller()
        .place(Place::new(&to))
        .await
        .expect("placed");
    let hold = waits
        .audio()
        .expect("audio")
        .until(|r| r.hearing == Some(Tone::Hold));
    assert!(timeout(PATIENCE, hold).await.expect("in time"));
    waits.hang_up();
    assert_eq!(ended(&waits).await, End::HungUpHere);
    assert_eq!(ended(&served).await, End::HungUpThere);
    let done = centre.until(|c| c.ended == 1 && c.abandoned == 1);
    assert!(timeout(PATIENCE, done).await.expect("in time"));
    let counts = centre.stop().await;
    assert_eq!((counts.arrived, counts.queued, counts.answered), (2, 1, 1));
    let mut told = Vec::new();
    while let Some(event) = events.recv().await {
        told.push(event);
    }
    let kinds = |segue_call: Option<&str>| -> Vec<AcdEventKind> {
        let of = told
            .iter()
            .filter(|event| event.segue_call.as_deref() == segue_call);
        of.map(|event| event.kind).collect()
    };
    assert_eq!(kinds(Some("c-1")), [Arrived, Answered, Ended]);
    assert_eq!(kinds(None), [Arrived, Queued, Abandoned]);
    let end = told.iter().find(|event| event.kind == Ended).expect("told");
    assert!(end.talk_ms.is_some_and(|talk| talk >= 1_000) && end.agent.as_deref() == Some("A-01"));
    caller.stop().await;
}

#[tokio::test]
async fn a_centre_misbehaves_as_told_and_recovers() {
    let (publisher, _events) = feed::channel(1_000);
    let centre = Centre::start(centre_settings(5, 0.1), publisher)
        .await
        .expect("starts");
    let caller = agent("caller").await;
    for (behaviour, outcome) in [
        (Behaviour::Refuse(503), "refused_503"),
        (Behaviour::RingForEver, "rings_unanswered"),
        (Behaviour::Closed, "closed"),
        (Behaviour::Silent, "no_answer"),
        (Behaviour::PortClosed, "no_answer"),
        (Behaviour::Normal, "answered"),
    ] {
        centre.behave(behaviour).await;
        let mut call = TestCall::new(format!("sip:7001@{}", centre.local_addr()));
        call.answer_wait = Duration::from_secs(1);
        call.seconds = 1;
        let result = call.run(&caller.caller()).await.expect("placed");
        assert_eq!(result.outcome, outcome, "{behaviour:?} {result:?}");
        assert_eq!(result.mos, None);
    }
    centre.stop().await;
    caller.stop().await;
}

type Received = Arc<Mutex<(u32, Vec<AcdEvent>)>>;

async fn take(State(got): State<Received>, headers: HeaderMap, body: String) -> StatusCode {
    let mut got = got.lock().expect("not poisoned");
    got.0 += 1;
    if got.0 == 1 {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    if headers.get("authorization").and_then(|v| v.to_str().ok()) != Some("Bearer secret") {
        return StatusCode::UNAUTHORIZED;
    }
    got.1.extend(
        body.lines()
            .map(|line| serde_json::from_str(line).expect("NDJSON")),
    );
    StatusCode::NO_CONTENT
}

#[tokio::test]
async fn the_whole_chain_from_callers_to_the_feed_counts_every_call_once() {
    let got = Received::default();
    let listener = tokio::net::TcpListener::bind(here())
        .await
        .expect("a free port");
    let url = format!("http://{}/acd", listener.local_addr().expect("bound"));
    let app = Router::new()
        .route("/acd", axum::routing::post(take))
        .with_state(Arc::clone(&got));
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let (publisher, feed) = Feed::start(FeedSettings::new(url, "secret")).expect("starts");
    let centre = Centre::start(centre_settings(3, 0.2), publisher)
        .await
        .expect("starts");
    let ivr = Ivr::start(IvrSettings {
        agent: AgentSettings::new(here(), "ivr"),
        public_numbers: vec!["+18005550142".into()],
        options: BTreeMap::from([("1".into(), "7001".into())]),
        segue: vec![centre.local_addr()],
    })
    .await
    .expect("starts");
    let phones = agent("callers").await;
    let callers = Callers::start(population(ivr.local_addr()), phones.caller());
    assert!(
        timeout(PATIENCE, callers.until(|c| c.placed >= 60))
            .await
            .expect("in time")
    );
    let seen = callers.stop(PATIENCE).await;
    let ivr_counts = ivr.stop().await;
    phones.stop().await;
    let counts = centre.stop().await;
    let delivered = feed.finish(PATIENCE).await;
    server.abort();
    assert_eq!((seen.failed, seen.cut_off), (0, 0), "{seen:?}");
    assert!(seen.heard_person > 0 && seen.abandoned > 0, "{seen:?}");
    assert_eq!(seen.placed, seen.heard_person + seen.abandoned);
    assert_eq!(ivr_counts.sent_on, seen.placed);
    assert_eq!(
        counts.arrived,
        counts.answered + counts.abandoned,
        "{counts:?}"
    );
    assert_eq!((counts.refused, counts.ended), (0, counts.answered));
    let got = got.lock().expect("not poisoned");
    let ids: BTreeSet<&str> = got.1.iter().map(|event| event.event_id.as_str()).collect();
    let sum = counts.arrived + counts.queued + counts.answered + counts.abandoned + counts.ended;
    assert_eq!(
        (ids.len(), u64::try_from(got.1.len())),
        (got.1.len(), Ok(sum))
    );
    assert_eq!((delivered.delivered, delivered.lost_not_taken), (sum, 0));
    assert!(delivered.retries >= 1);
    assert!(
        got.1
            .iter()
            .all(|e| e.dialled == "7001" && e.to_number.as_deref() == Some("+18005550142"))
    );
}

fn population(target: SocketAddr) -> CallerSettings {
    CallerSettings {
        target,
        types: vec![CallerType {
            public_number: "+18005550142".into(),
            option: "1".into(),
            weekly_calls: 604_800.0,
            patience_mean_s: 9.0,
        }],
        hour_weights: Vec::new(),
        start_hour: 8,
        acceleration: 30.0,
        people: 50,
        anonymous_share: 0.1,
        calls_max: 500,
        seed: 4,
    }
}

#[test]
fn arrivals_repeat_under_a_seed_and_follow_volume_and_hours() {
    let mut settings = population(here());
    settings.acceleration = 1.0;
    settings.hour_weights = (0..168)
        .map(|hour| if hour % 24 < 12 { 1.0 } else { 3.0 })
        .collect();
    settings.start_hour = 0;
    let arrivals = || Arrivals::new(settings.clone()).take_while(|arrival| arrival.at_s < 86_400.0);
    let count = arrivals().count();
    // 604,800 a week are 86,400 a day; four standard deviations are 1,176.
    assert!((85_000..87_800).contains(&count), "{count}");
    let morning = arrivals().filter(|arrival| arrival.at_s < 43_200.0).count();
    assert!((20_900..22_300).contains(&morning), "{morning}");
    assert!(arrivals().take(500).eq(arrivals().take(500)));
    let anonymous = arrivals()
        .take(10_000)
        .filter(|a| a.caller.is_none())
        .count();
    assert!((850..1_150).contains(&anonymous), "{anonymous}");
    let people: BTreeSet<_> = arrivals().take(10_000).filter_map(|a| a.caller).collect();
    assert!((40..=50).contains(&people.len()));
}
