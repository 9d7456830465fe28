//! Test lines and what is proved against them: audio, digits, numbers shown, hold, mailboxes, calls at once.

#![expect(
    clippy::expect_used,
    reason = "a test says what it expects and stops there"
)]

use segue_domain::telephony_checks::{CheckKind, CheckOutcome};
use segue_trials::agent::{Agent, AgentSettings, Leg, Place, Timers};
use segue_trials::path::{PathCheck, PathReport};
use segue_trials::test_call::TestCall;
use segue_trials::test_line::{Shown, TestLine};
use segue_trials::tone::Tone;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(20);

async fn agent(name: &str) -> Agent {
    let timers = Timers {
        b_ms: 3_000,
        linger_ms: 500,
        ..Timers::default()
    };
    Agent::bind(AgentSettings {
        timers,
        ..AgentSettings::new((Ipv4Addr::LOCALHOST, 0).into(), name)
    })
    .await
    .expect("a free port")
}

/// A test line that serves until it is told to stop, and then says what it was shown.
async fn serving(line: TestLine) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<Vec<Shown>>) {
    let mut far_end = agent("line").await;
    let (addr, (stop, stopped)) = (far_end.local_addr(), oneshot::channel());
    let served = tokio::spawn(async move {
        let until = async {
            let _ = stopped.await;
        };
        let shown = line.serve(&mut far_end, until).await;
        far_end.stop().await;
        shown
    });
    (addr, stop, served)
}

fn from_somebody(to: String) -> Place {
    Place {
        caller: Some("+16095550123".into()),
        ..Place::new(to)
    }
}

#[tokio::test]
async fn a_test_call_to_a_test_line_proves_audio_digits_numbers_and_hold() {
    let line = TestLine {
        recorded: true,
        ring: Duration::from_millis(200),
        text: false,
        third: None,
        transfer: None,
    };
    let (addr, stop, served) = serving(line).await;
    let caller = agent("caller").await;
    let mut call = TestCall::new("");
    call.place = from_somebody(format!("sip:7099@{addr}"));
    (call.dtmf, call.numbers, call.hold) = (true, true, true);
    call.expect_tone = Some(Tone::Person);
    let result = call.run(&caller.caller()).await.expect("placed");
    assert_eq!(result.outcome, "answered", "{result:?}");
    assert!(result.ring_ms >= Some(150), "{result:?}");
    assert_eq!(
        [
            result.audio_out,
            result.audio_in,
            result.dtmf_ok,
            result.hold_ok,
            result.recording_heard
        ],
        [Some(true); 5],
        "{result:?}"
    );
    assert_eq!(result.caller_shown.as_deref(), Some("16095550123"));
    assert_eq!(result.dialled_shown.as_deref(), Some("7099"));
    // On loopback nothing is lost and the delay is the ears' own.
    let mos = result.mos.expect("a test line makes the delay known");
    assert!((3.5..=4.42).contains(&mos), "{result:?}");
    stop.send(()).expect("it still serves");
    let shown = timeout(PATIENCE, served).await.expect("in time");
    let expected = Shown {
        caller: Some("+16095550123".into()),
        dialled: "7099".into(),
    };
    assert_eq!(shown.expect("no panic"), [expected]);
    caller.stop().await;
}

#[tokio::test]
async fn either_side_holds_and_the_held_side_falls_silent() {
    let (caller, mut far_end) = (agent("caller").await, agent("callee").await);
    let to = format!("sip:7001@{}", far_end.local_addr());
    let out = caller.caller().place(Place::new(to)).await.expect("placed");
    let into = far_end.incoming().await.expect("arrives").answer();
    assert!(timeout(PATIENCE, out.answered()).await.expect("in time"));
    for (holder, held) in [(&out, &into), (&into, &out)] {
        sleep(Duration::from_millis(100)).await;
        assert!(holder.hold(true).await, "{:?}", holder.progress());
        assert!(held.progress().held && holder.progress().holding);
        sleep(Duration::from_millis(100)).await;
        let packets = |leg: &Leg| leg.audio().expect("audio").report().received_packets;
        let before = packets(holder);
        sleep(Duration::from_millis(200)).await;
        assert!(packets(holder) <= before + 1, "a held side sends nothing");
        assert!(holder.hold(false).await);
        assert!(!held.progress().held && !holder.progress().holding);
        sleep(Duration::from_millis(300)).await;
        assert!(
            packets(holder) > before + 5,
            "and is heard again afterwards"
        );
    }
    out.hang_up();
    caller.stop().await;
    far_end.stop().await;
}

#[tokio::test]
async fn a_mailbox_and_a_closed_line_are_dead_ends() {
    let caller = agent("caller").await;
    for (tones, outcome, recorded) in [
        (
            vec![
                (Tone::Greeting, 1_500),
                (Tone::Beep, 400),
                (Tone::Silence, 15_000),
            ],
            "voicemail",
            CheckOutcome::Voicemail,
        ),
        (vec![(Tone::Closed, 15_000)], "closed", CheckOutcome::Failed),
        (
            vec![(Tone::Greeting, 1_500), (Tone::Person, 15_000)],
            "answered",
            CheckOutcome::Passed,
        ),
    ] {
        let mut far_end = agent("callee").await;
        let check = PathCheck {
            place: from_somebody(format!("sip:7001@{}", far_end.local_addr())),
            test_line: false,
            calls_at_once: 0,
            together: Duration::ZERO,
        };
        let answering = tokio::spawn(async move {
            let leg = far_end.incoming().await.expect("arrives").answer();
            for (tone, ms) in tones {
                leg.audio().expect("audio").play(tone);
                let over = timeout(Duration::from_millis(ms), leg.ended()).await;
                if over.is_ok() {
                    break;
                }
            }
            far_end.stop().await;
        });
        let report = check.run(&caller.caller()).await.expect("placed");
        assert_eq!(report.call.outcome, outcome, "{report:?}");
        assert_eq!(outcomes(&report)[&CheckKind::NoVoicemail], recorded);
        timeout(PATIENCE, answering)
            .await
            .expect("in time")
            .expect("no panic");
    }
    caller.stop().await;
}

fn outcomes(report: &PathReport) -> BTreeMap<CheckKind, CheckOutcome> {
    let checks = report.checks.iter();
    checks.map(|c| (c.result.kind, c.result.outcome)).collect()
}

#[tokio::test]
async fn a_path_to_a_test_line_passes_its_pack_with_calls_at_once() {
    let line = TestLine {
        recorded: true,
        ..TestLine::default()
    };
    let (addr, stop, served) = serving(line).await;
    let caller = agent("caller").await;
    let check = PathCheck {
        place: from_somebody(format!("sip:7001@{addr}")),
        test_line: true,
        calls_at_once: 30,
        together: Duration::from_secs(1),
    };
    let report = check.run(&caller.caller()).await.expect("placed");
    let failed: Vec<_> = report
        .checks
        .iter()
        .filter(|c| c.result.outcome != CheckOutcome::Passed)
        .collect();
    assert!(failed.is_empty(), "{failed:?} of {report:?}");
    let together = report.together.expect("asked for");
    assert_eq!((together.placed, together.up, together.heard), (30, 30, 30));
    assert_eq!(outcomes(&report).len(), 11, "{report:?}");
    stop.send(()).expect("it still serves");
    let shown = timeout(PATIENCE, served).await.expect("in time");
    assert_eq!(shown.expect("no panic").len(), 31);
    caller.stop().await;
}

#[tokio::test]
async fn too_few_calls_at_once_and_a_hidden_number_fail_their_checks() {
    let mut far_end = agent("line").await;
    let addr = far_end.local_addr();
    // A trunk that carries four calls.
    let answering = tokio::spawn(async move {
        let mut legs = Vec::new();
        while let Some(incoming) = far_end.incoming().await {
            if legs.len() < 5 {
                let leg = incoming.answer();
                leg.audio().expect("audio").play(Tone::Person);
                legs.push(leg);
            } else {
                incoming.refuse(486, None);
            }
        }
    });
    let caller = agent("caller").await;
    let check = PathCheck {
        place: Place::new(format!("sip:7001@{addr}")),
        test_line: true,
        calls_at_once: 6,
        together: Duration::from_millis(200),
    };
    let report = check.run(&caller.caller()).await.expect("placed");
    let of = outcomes(&report);
    for (kind, outcome) in [
        (CheckKind::Reach, CheckOutcome::Passed),
        (CheckKind::TwoWayAudio, CheckOutcome::Failed),
        (CheckKind::Dtmf, CheckOutcome::Failed),
        (CheckKind::DnisShown, CheckOutcome::Failed),
        (CheckKind::Hold, CheckOutcome::Passed),
        (CheckKind::RecordingAnnouncement, CheckOutcome::Failed),
        (CheckKind::Concurrency, CheckOutcome::Failed),
    ] {
        assert_eq!(of[&kind], outcome, "{kind:?} in {report:?}");
    }
    let together = report.together.expect("asked for");
    assert_eq!((together.placed, together.up), (6, 4));
    answering.abort();
    caller.stop().await;
}
