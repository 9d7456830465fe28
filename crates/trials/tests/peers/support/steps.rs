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
