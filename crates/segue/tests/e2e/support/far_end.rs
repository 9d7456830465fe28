//! Real SIPp as whoever is called, or calls back: a line that is busy, a telephone at which somebody speaks, one that only gives back
//! what it hears.

use super::centre::closed_port;
use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const SIPP: &str = "/usr/bin/sipp";

/// SIPp at one address; ended with the test.
pub(crate) struct FarEnd {
    pub(crate) addr: SocketAddr,
    child: Child,
    folder: TempDir,
}

/// An answer of SIPp's to the INVITE.
fn answer(status: &str, more: &str) -> String {
    format!(
        "<send retrans=\"500\"><![CDATA[\nSIP/2.0 {status}\n[last_Via:]\n[last_From:]\n[last_To:];tag=[call_number]\n\
         [last_Call-ID:]\n[last_CSeq:]\nContact: <sip:far@[local_ip]:[local_port]>\n{more}\n]]></send>\n"
    )
}

const INVITE: &str = r#"<recv request="INVITE" rrs="true"><action>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
</action></recv>
<Reference variables="from,to"/>
"#;

/// Speaks until the call is over.
const SPEAKS: &str = "<nop><action><exec rtp_stream=\"voice.ul,-1,0,PCMU/8000\"/></action></nop>\n";

const AUDIO: &str = "Content-Type: application/sdp
Content-Length: [len]

v=0
o=far 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
";

/// Sound like speech: hisses of many frequencies in syllables, as µ-law.
fn voice() -> Vec<u8> {
    let mut state = 1_u32;
    let sound = (0..32_000_u32).map(|n| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [.., high] = state.to_le_bytes();
        if n % 1_920 < 1_280 { high } else { 0xFF }
    });
    sound.collect()
}

impl FarEnd {
    /// A line on which everybody is busy.
    pub(crate) fn busy(ip: [u8; 4]) -> Self {
        let busy = answer("486 Busy Here", "Content-Length: 0\n") + "<recv request=\"ACK\"/>\n";
        Self::with(ip, &busy, &[])
    }

    /// A telephone that is answered by somebody, who speaks until the caller hangs up.
    pub(crate) fn telephone(ip: [u8; 4]) -> Self {
        Self::with(ip, &speaking(&answered(SPEAKS)), &[])
    }

    /// A telephone that is answered, and gives back what it hears until the caller hangs up.
    pub(crate) fn echo(ip: [u8; 4]) -> Self {
        Self::with(ip, &answered(""), &["-rtp_echo"])
    }

    /// An agent who speaks, takes one message, and hangs up after a second and a half.
    pub(crate) fn takes_a_message(ip: [u8; 4]) -> Self {
        let bye = "<pause milliseconds=\"1500\"/>\n<send retrans=\"500\"><![CDATA[\n\
                   BYE [next_url] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n\
                   From: [$to];tag=[call_number]\nTo: [$from]\nCall-ID: [call_id]\nCSeq: 7 BYE\nMax-Forwards: 70\n\
                   Content-Length: 0\n\n]]></send>\n<recv response=\"200\"/>\n";
        let up = "<recv request=\"ACK\"/>\n";
        let talks = [answer("200 OK", AUDIO).as_str(), up, SPEAKS, bye].concat();
        Self::with(ip, &speaking(&talks), &["-m", "1"])
    }

    fn with(ip: [u8; 4], rest: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let head =
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<scenario name=\"far end\">\n";
        let scenario = [head, INVITE, rest, "</scenario>\n"].concat();
        fs::write(folder.path().join("far.xml"), scenario).expect("written");
        fs::write(folder.path().join("voice.ul"), voice()).expect("written");
        let addr = closed_port(ip);
        let child = start(&folder, addr, &[&["-sf", "far.xml"][..], more].concat());
        Self {
            addr,
            child,
            folder,
        }
    }

    /// Calls a number and speaks there for four seconds.
    pub(crate) fn calls(ip: [u8; 4], number: &str, to: SocketAddr) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("caller.xml"), calls(number)).expect("written");
        fs::write(folder.path().join("voice.ul"), voice()).expect("written");
        let (addr, to) = (closed_port(ip), to.to_string());
        let how = [to.as_str(), "-sf", "caller.xml", "-m", "1"];
        let child = start(&folder, addr, &how);
        Self {
            addr,
            child,
            folder,
        }
    }

    /// Waits until SIPp has gone through everything it was to do.
    #[track_caller]
    pub(crate) fn succeeds(mut self) {
        let ended = self.child.wait().expect("SIPp ends");
        let errors = fs::read_to_string(self.folder.path().join("errors.log")).unwrap_or_default();
        assert!(ended.success(), "{errors}");
    }
}

/// A telephone that is answered until the caller hangs up.
fn answered(voice: &str) -> String {
    let rings = answer("180 Ringing", "Content-Length: 0\n").replace(" retrans=\"500\"", "");
    let over = answer("200 OK", "Content-Length: 0\n")
        .replace(" retrans=\"500\"", "")
        .replace(";tag=[call_number]", "");
    let (up, bye) = ("<recv request=\"ACK\"/>\n", "<recv request=\"BYE\"/>\n");
    let answers = answer("200 OK", AUDIO);
    [rings.as_str(), &answers, up, voice, bye, &over].concat()
}

/// A call to a number, on which SIPp speaks for four seconds.
fn calls(number: &str) -> String {
    let own = format!(
        "From: <sip:7001@[local_ip]>;tag=[call_number]\nTo: <sip:{number}@[remote_ip]:[remote_port]>[peer_tag_param]\n\
         Call-ID: [call_id]\nMax-Forwards: 70\nContact: <sip:far@[local_ip]:[local_port]>\n"
    );
    let via = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]";
    let within = |cseq: u32, method: &str| {
        format!(
            "{method} [next_url] SIP/2.0\n{via}\n{own}CSeq: {cseq} {method}\nContent-Length: 0\n\n]]></send>\n"
        )
    };
    let invite = own.replace("[peer_tag_param]", "");
    let whole = [
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<scenario name=\"caller\">\n<send retrans=\"500\"><![CDATA[\n",
        &format!(
            "INVITE sip:{number}@[remote_ip]:[remote_port] SIP/2.0\n{via}\n{invite}CSeq: 1 INVITE\n{AUDIO}"
        ),
        "\n]]></send>\n<recv response=\"100\" optional=\"true\"/>\n<recv response=\"180\" optional=\"true\"/>\n",
        "<recv response=\"200\" rrs=\"true\"/>\n<send><![CDATA[\n",
        &within(1, "ACK"),
        SPEAKS,
        "<pause milliseconds=\"4000\"/>\n<send retrans=\"500\"><![CDATA[\n",
        &within(2, "BYE"),
        "<recv response=\"200\"/>\n</scenario>\n",
    ];
    speaking(&whole.concat())
}

/// What is spoken comes from a port of its own.
fn speaking(scenario: &str) -> String {
    scenario.replace("[media_port]", "[rtpstream_audio_port]")
}

fn start(folder: &TempDir, addr: SocketAddr, how: &[&str]) -> Child {
    let media = closed_port([127, 0, 0, 1]).port().to_string();
    Command::new(SIPP)
        .args(how)
        .args(["-i", &addr.ip().to_string(), "-p", &addr.port().to_string()])
        .args(["-mp", &media, "-nostdin", "-timeout", "120"])
        .args(["-trace_err", "-error_file", "errors.log"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("SIPp starts")
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
