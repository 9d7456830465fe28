//! Real SIPp as whoever is called, or calls back: a line that is busy, a telephone that is answered and gives back what it hears.

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

impl FarEnd {
    /// A line on which everybody is busy.
    pub(crate) fn busy(ip: [u8; 4]) -> Self {
        let busy = answer("486 Busy Here", "Content-Length: 0\n") + "<recv request=\"ACK\"/>\n";
        Self::with(ip, &busy, &[])
    }

    /// A telephone that is answered and gives back what it hears until the caller hangs up.
    pub(crate) fn telephone(ip: [u8; 4]) -> Self {
        let talks = [
            answer("180 Ringing", "Content-Length: 0\n").replace(" retrans=\"500\"", ""),
            answer("200 OK", AUDIO),
            "<recv request=\"ACK\"/>\n<recv request=\"BYE\"/>\n".to_owned(),
            answer("200 OK", "Content-Length: 0\n")
                .replace(" retrans=\"500\"", "")
                .replace(";tag=[call_number]", ""),
        ];
        Self::with(ip, &talks.concat(), &["-rtp_echo"])
    }

    /// An agent who takes one message, and hangs up after a second and a half.
    pub(crate) fn takes_a_message(ip: [u8; 4]) -> Self {
        let bye = "<recv request=\"ACK\"/>\n<pause milliseconds=\"1500\"/>\n<send retrans=\"500\"><![CDATA[\n\
                   BYE [next_url] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n\
                   From: [$to];tag=[call_number]\nTo: [$from]\nCall-ID: [call_id]\nCSeq: 7 BYE\nMax-Forwards: 70\n\
                   Content-Length: 0\n\n]]></send>\n<recv response=\"200\"/>\n";
        let talks = answer("200 OK", AUDIO) + bye;
        Self::with(ip, &talks, &["-rtp_echo", "-m", "1"])
    }

    fn with(ip: [u8; 4], rest: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let head =
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<scenario name=\"far end\">\n";
        let scenario = [head, INVITE, rest, "</scenario>\n"].concat();
        fs::write(folder.path().join("far.xml"), scenario).expect("written");
        let addr = closed_port(ip);
        let child = start(&folder, addr, &[&["-sf", "far.xml"][..], more].concat());
        Self {
            addr,
            child,
            folder,
        }
    }

    /// Calls a number for two seconds, giving back what it hears.
    pub(crate) fn calls(ip: [u8; 4], number: &str, to: SocketAddr) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (addr, to) = (closed_port(ip), to.to_string());
        let how = [
            to.as_str(),
            "-sn",
            "uac",
            "-s",
            number,
            "-m",
            "1",
            "-d",
            "2000",
            "-rtp_echo",
        ];
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
