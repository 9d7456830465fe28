//! Peers that are programs of other people's: SIPp, baresip.

pub(crate) mod steps;

use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// False, with a visible line, where a peer is missing and may be.
pub(crate) fn there(program: &str, package: &str) -> bool {
    let there = Path::new(program).exists();
    if !there {
        let required = std::env::var("SEGUE_REQUIRE_PEERS").is_ok_and(|v| v == "1");
        assert!(
            !required,
            "{program} is required: apt-get install {package}"
        );
        println!("SKIPPED: no {program}; install {package}");
    }
    there
}

/// A peer; ended with the test.
pub(crate) struct Peer(pub(crate) Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.local_addr().expect("bound").port()
}

/// SIPp with a scenario of the folder, one call, giving back what it hears; and its port.
pub(crate) fn sipp(program: &str, folder: &Path, scenario: &str) -> (Peer, u16) {
    sipp_as(program, folder, scenario, &["-rtp_echo"])
}

/// SIPp with a scenario in which it [speaks](steps::speaking), in a voice of its own, and gives nothing back.
pub(crate) fn sipp_speaking(
    program: &str,
    folder: &Path,
    scenario: &str,
    more: &[&str],
) -> (Peer, u16) {
    std::fs::write(folder.join("voice.ul"), voice()).expect("written");
    sipp_as(program, folder, scenario, more)
}

/// SIPp with a scenario of the folder, one call, and further options; and its port.
pub(crate) fn sipp_as(program: &str, folder: &Path, scenario: &str, more: &[&str]) -> (Peer, u16) {
    let (port, media) = (free_port(), free_port());
    let sipp = Command::new(program)
        .args(["-sf", scenario, "-i", "127.0.0.1", "-p", &port.to_string()])
        .args([
            "-mp",
            &media.to_string(),
            "-m",
            "1",
            "-nostdin",
            "-timeout",
            "40",
        ])
        .args(["-trace_err", "-error_file", "errors.log"])
        .args(more)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    (Peer(sipp.expect("SIPp starts")), port)
}

/// Four seconds that sound like speech does: hisses of many frequencies in syllables, as µ-law.
fn voice() -> Vec<u8> {
    let mut state = 1_u32;
    let sound = (0..32_000_u32).map(|n| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [.., high] = state.to_le_bytes();
        if n % 1_920 < 1_280 { high } else { 0xFF }
    });
    sound.collect()
}

/// A sound file of so many seconds with a square wave.
pub(crate) fn wave(hz: u32, seconds: u32) -> Vec<u8> {
    let up = |n: u32| (n * 2 * hz / 8_000).is_multiple_of(2);
    let samples = (0..8_000 * seconds).map(|n| if up(n) { 6_000 } else { -6_000 });
    sound_file(&samples.collect::<Vec<i16>>())
}

/// A sound file: 8 kHz, 16 bits, one channel.
pub(crate) fn sound_file(samples: &[i16]) -> Vec<u8> {
    let size = u32::try_from(2 * samples.len()).expect("short");
    let mut out = b"RIFF".to_vec();
    out.extend((36 + size).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    out.extend([1, 0, 1, 0]);
    out.extend(8_000_u32.to_le_bytes());
    out.extend(16_000_u32.to_le_bytes());
    out.extend([2, 0, 16, 0]);
    out.extend(b"data");
    out.extend(size.to_le_bytes());
    out.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    out
}

/// A telephone that answers by itself, plays a sound file, and is told what to do on a port of its own.
pub(crate) fn baresip(
    program: &str,
    folder: &Path,
    (port, control): (u16, u16),
    voice: &[u8],
) -> Peer {
    std::fs::write(folder.join("voice.wav"), voice).expect("written");
    let config = format!(
        "sip_listen 127.0.0.1:{port}\naudio_source aufile,{}/voice.wav\nmodule_path /usr/lib/baresip/modules\n\
         module g711.so\nmodule aufile.so\nmodule_app account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
         ctrl_tcp_listen 127.0.0.1:{control}\n",
        folder.display()
    );
    std::fs::write(folder.join("config"), config).expect("written");
    let account = format!("<sip:7001@127.0.0.1:{port}>;regint=0;answermode=auto\n");
    std::fs::write(folder.join("accounts"), account).expect("written");
    let log = std::fs::File::create(folder.join("log")).expect("a log");
    let baresip = Command::new(program)
        .args(["-4", "-f"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .spawn();
    Peer(baresip.expect("baresip starts"))
}
