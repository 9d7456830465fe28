//! What a peer asks: one call, whatever the dialect.

use crate::form::Form;
use segue_domain::caller::e164;
use segue_routing::Call;
use serde_json::Value;
use thiserror::Error;

/// Longest number, Call-ID or host taken, in bytes.
const FIELD_BYTES_MAX: usize = 256;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Anything that speaks JSON.
    Json,
    /// Twilio's voice webhook: form in, `TwiML` out.
    Twilio,
    /// `FreeSWITCH` `mod_xml_curl`, section `dialplan`.
    FreeSwitch,
    /// Kamailio's HTTP clients: JSON in, flat JSON out.
    Kamailio,
    /// Asterisk `CURL()`: form in, one line of comma-separated values out.
    Asterisk,
    /// The Lambda function of an Amazon Connect contact flow.
    Connect,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 6] = [
        Self::Json,
        Self::Twilio,
        Self::FreeSwitch,
        Self::Kamailio,
        Self::Asterisk,
        Self::Connect,
    ];

    /// Its name in paths: `/route/v1/NAME`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Twilio => "twilio",
            Self::FreeSwitch => "freeswitch",
            Self::Kamailio => "kamailio",
            Self::Asterisk => "asterisk",
            Self::Connect => "connect",
        }
    }

    /// The dialect of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }
}

/// A request as it came, body already bounded.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The body.
    pub body: &'a [u8],
    /// The address that asks.
    pub source: &'a str,
}

/// Why a request is no question about a call.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadAsk {
    /// It cannot be read at all.
    #[error("the request cannot be read: {0}; compare it with docs/route-adapters.md")]
    Unreadable(String),
    /// A field that every question needs.
    #[error("the field {0} is missing; send it")]
    Missing(&'static str),
    /// A field beyond its bound.
    #[error("the field {0} is longer than 256 bytes; send the number or identifier alone")]
    TooLong(&'static str),
    /// Not a question of this kind.
    #[error("this is no question about a call's route; Segue answers the section dialplan only")]
    NotARoute,
}

/// One call to be routed. Has no `Debug`: it holds the caller's number.
#[derive(Clone, PartialEq, Eq)]
pub struct Ask {
    /// The number dialled, as the route table knows it.
    pub dialled: String,
    /// The caller in E.164 form; nothing for anonymous and relay callers.
    pub caller: Option<String>,
    /// Identifies the call at the peer.
    pub call_id: String,
    /// The host the call came from, where the peer says it, else the peer.
    pub source: String,
    /// Whether Segue has routed the call before.
    pub already_routed: bool,
}

impl Ask {
    /// As the choice takes it.
    pub fn call(&self) -> Call<'_> {
        Call {
            dialled: &self.dialled,
            caller: self.caller.as_deref(),
            call_id: &self.call_id,
            source_host: &self.source,
            already_routed: self.already_routed,
        }
    }

    /// Reads the question.
    ///
    /// # Errors
    /// [`BadAsk`] saying what to send.
    pub fn read(dialect: Dialect, request: Request<'_>) -> Result<Self, BadAsk> {
        let fields = match dialect {
            Dialect::Json | Dialect::Kamailio => json(request.body)?,
            Dialect::Connect => connect(request.body)?,
            Dialect::Twilio => twilio(&Form::read(request.body)?),
            Dialect::FreeSwitch => freeswitch(&Form::read(request.body)?)?,
            Dialect::Asterisk => plain(&Form::read(request.body)?),
        };
        fields.ask(request.source)
    }
}

/// The fields as found.
#[derive(Default)]
struct Fields {
    dialled: Option<String>,
    caller: Option<String>,
    call_id: Option<String>,
    source: Option<String>,
    routed: bool,
}

impl Fields {
    fn ask(self, source: &str) -> Result<Ask, BadAsk> {
        let bounded = |value: Option<String>, name| match value {
            Some(text) if text.len() > FIELD_BYTES_MAX => Err(BadAsk::TooLong(name)),
            other => Ok(other.filter(|text| !text.is_empty())),
        };
        let dialled = bounded(self.dialled, "dialled")?.ok_or(BadAsk::Missing("dialled"))?;
        let call_id = bounded(self.call_id, "call_id")?.ok_or(BadAsk::Missing("call_id"))?;
        let caller = bounded(self.caller, "caller")?;
        let from = bounded(self.source, "source")?;
        Ok(Ask {
            dialled,
            caller: caller.as_deref().and_then(e164),
            call_id,
            source: from.unwrap_or_else(|| source.to_owned()),
            already_routed: self.routed,
        })
    }
}

fn parsed(body: &[u8]) -> Result<Value, BadAsk> {
    serde_json::from_slice(body).map_err(|error| BadAsk::Unreadable(error.to_string()))
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

fn json(body: &[u8]) -> Result<Fields, BadAsk> {
    let value = parsed(body)?;
    let routed = value.get("already_routed");
    Ok(Fields {
        dialled: text(&value, "dialled"),
        caller: text(&value, "caller"),
        call_id: text(&value, "call_id"),
        source: text(&value, "source"),
        // Kamailio's own JSON writes numbers and strings where others write `true`.
        routed: routed.is_some_and(|v| {
            v.as_bool() == Some(true)
                || v.as_i64() == Some(1)
                || matches!(v.as_str(), Some("1" | "true"))
        }),
    })
}

/// The event of "Invoke AWS Lambda function": `Details.ContactData`.
fn connect(body: &[u8]) -> Result<Fields, BadAsk> {
    let value = parsed(body)?;
    let data = &value["Details"]["ContactData"];
    let parameters = &value["Details"]["Parameters"];
    Ok(Fields {
        // A flow that asked the caller first names the option; else the number rung decides.
        dialled: text(parameters, "dialled").or_else(|| text(&data["SystemEndpoint"], "Address")),
        caller: text(&data["CustomerEndpoint"], "Address"),
        call_id: text(data, "ContactId"),
        source: None,
        routed: text(parameters, "already_routed").is_some_and(|value| value == "true"),
    })
}

/// Twilio's parameters: `To`, `From`, `CallSid`; a SIP interface adds headers as `SipHeader_NAME`.
fn twilio(form: &Form) -> Fields {
    let user = |text: &str| {
        let bare = text.strip_prefix("sip:").unwrap_or(text);
        bare.split_once('@')
            .map_or(bare, |(user, _)| user)
            .to_owned()
    };
    Fields {
        dialled: form.get("To").map(user),
        caller: form.get("From").map(user),
        call_id: form.get("CallSid").map(str::to_owned),
        source: form.get("SipSourceIp").map(str::to_owned),
        routed: form.get("SipHeader_X-Segue-Call").is_some(),
    }
}

/// `mod_xml_curl` posts the channel's variables of the dialplan look-up.
fn freeswitch(form: &Form) -> Result<Fields, BadAsk> {
    if form.get("section") != Some("dialplan") {
        return Err(BadAsk::NotARoute);
    }
    let owned = |name| form.get(name).map(str::to_owned);
    Ok(Fields {
        dialled: owned("Hunt-Destination-Number").or_else(|| owned("Caller-Destination-Number")),
        caller: owned("Hunt-Caller-ID-Number").or_else(|| owned("Caller-Caller-ID-Number")),
        call_id: owned("variable_sip_call_id").or_else(|| owned("Unique-ID")),
        source: owned("variable_sip_network_ip").or_else(|| owned("Caller-Network-Addr")),
        routed: form.get("variable_sip_h_X-Segue-Call").is_some(),
    })
}

fn plain(form: &Form) -> Fields {
    let owned = |name| form.get(name).map(str::to_owned);
    Fields {
        dialled: owned("dialled"),
        caller: owned("caller"),
        call_id: owned("call_id"),
        source: owned("source"),
        routed: form
            .get("already_routed")
            .is_some_and(|value| !value.is_empty()),
    }
}
