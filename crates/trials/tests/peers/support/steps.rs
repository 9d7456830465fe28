//! What SIPp is told to do, step by step.

/// The call comes in; what names both sides is kept for SIPp's own requests.
const BEGINS: &str = r#"<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="peer">
<recv request="INVITE" rrs="true"><action>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
</action></recv>
<Reference variables="from,to"/>
"#;

/// SIPp answers the call, with audio.
pub(crate) const ANSWERS: &str = r#"<send retrans="500"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:peer@[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=peer 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000

]]></send>
<recv request="ACK"/>
"#;

/// SIPp calls a number, and then goes through these steps.
pub(crate) fn calls(number: &str, steps: &[&str]) -> String {
    let invite = format!(
        "<send retrans=\"500\"><![CDATA[\nINVITE sip:{number}@[remote_ip]:[remote_port] SIP/2.0\n\
         Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\nFrom: <sip:7001@[local_ip]>;tag=[call_number]\n\
         To: <sip:{number}@[remote_ip]:[remote_port]>\nCall-ID: [call_id]\nCSeq: 1 INVITE\nMax-Forwards: 70\n\
         Contact: <sip:peer@[local_ip]:[local_port]>\nContent-Type: application/sdp\nContent-Length: [len]\n\n\
         v=0\no=peer 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\nm=audio [media_port] RTP/AVP 0\n\
         a=rtpmap:0 PCMU/8000\n\n]]></send>\n<recv response=\"100\" optional=\"true\"/>\n\
         <recv response=\"180\" optional=\"true\"/>\n<recv response=\"200\" rrs=\"true\"/>\n"
    );
    let within = |cseq: u32, method: &str, how: &str| {
        format!(
            "<send{how}><![CDATA[\n{method} [next_url] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n\
             From: <sip:7001@[local_ip]>;tag=[call_number]\nTo: <sip:{number}@[remote_ip]:[remote_port]>[peer_tag_param]\n\
             Call-ID: [call_id]\nCSeq: {cseq} {method}\nMax-Forwards: 70\nContent-Length: 0\n\n]]></send>\n"
        )
    };
    [
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<scenario name=\"caller\">\n",
        &invite,
        &within(1, "ACK", ""),
        &steps.concat(),
        &within(2, "BYE", " retrans=\"500\""),
        "<recv response=\"200\"/>\n</scenario>",
    ]
    .concat()
}

/// SIPp begins to speak, with the voice that [`speaking`] lays beside the scenario, and goes on until the call is over.
const SPEAKS: &str = "<nop><action><exec rtp_stream=\"voice.ul,-1,0,PCMU/8000\"/></action></nop>\n";

/// A scenario in which SIPp speaks as soon as the call is acknowledged.
pub(crate) fn speaking(scenario: &str) -> String {
    let (ack, sent) = ("<recv request=\"ACK\"/>\n", "CSeq: 1 ACK");
    let scenario = scenario.replace("[media_port]", "[rtpstream_audio_port]");
    if scenario.contains(ack) {
        return scenario.replacen(ack, &[ack, SPEAKS].concat(), 1);
    }
    let (before, after) = scenario.split_once(sent).expect("it sends an ACK");
    let after = after.replacen("</send>\n", &["</send>\n", SPEAKS].concat(), 1);
    [before, sent, &after].concat()
}

/// A whole scenario: the call comes in, and then these steps.
pub(crate) fn scenario(steps: &[&str]) -> String {
    [BEGINS, &steps.concat(), "</scenario>"].concat()
}

/// A request of SIPp's within the call.
pub(crate) fn request(method: &str, cseq: u32, more: &str, body: &str) -> String {
    format!(
        "<send retrans=\"500\"><![CDATA[\n{method} [next_url] SIP/2.0\n\
         Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\nFrom: [$to];tag=[call_number]\nTo: [$from]\n\
         Call-ID: [call_id]\nCSeq: {cseq} {method}\nMax-Forwards: 70\nContact: <sip:peer@[local_ip]:[local_port]>\n{more}\
         Content-Length: [len]\n\n{body}\n]]></send>\n"
    )
}

/// An answer of SIPp's to the last request.
pub(crate) fn answer(status: &str) -> String {
    format!(
        "<send><![CDATA[\nSIP/2.0 {status}\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n\
         Contact: <sip:peer@[local_ip]:[local_port]>\nContent-Length: 0\n\n]]></send>\n"
    )
}

/// SIPp hears a word on the transfer.
pub(crate) fn word(status: &str, name: &str) -> String {
    format!(
        "<recv request=\"NOTIFY\"><action><ereg regexp=\"SIP/2.0 {status}\" search_in=\"body\" check_it=\"true\" \
         assign_to=\"{name}\"/></action></recv>\n<Reference variables=\"{name}\"/>\n"
    )
}
