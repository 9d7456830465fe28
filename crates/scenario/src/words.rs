//! The words at the places of a phrase: numbers, dates, chunks, codes; each error says what would have been understood.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use segue_domain::acceptance::Verdict;
use segue_domain::gates::GateLeg;
use segue_domain::ids::{ChunkId, is_usable};
use segue_domain::ladder::Rung;
use segue_domain::{Code, Event};
use segue_routing::mechanism::Mechanism;

/// A whole number.
pub(crate) fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("`{text}` should be a whole number in range"))
}

/// A chunk by its name.
pub(crate) fn chunk(text: &str) -> Result<ChunkId, String> {
    if is_usable(text) && text.contains('/') {
        return Ok(text.into());
    }
    Err(format!(
        "`{text}` should be a chunk, for example RVS-Main/APPT"
    ))
}

/// One text in quotation marks.
pub(crate) fn quoted(text: &str) -> Result<String, String> {
    let inner = text
        .strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .filter(|t| !t.contains('"'));
    inner
        .map(ToOwned::to_owned)
        .ok_or_else(|| format!("`{text}` should be one text in \"quotation marks\""))
}

/// A refusal code.
pub(crate) fn code(text: &str) -> Result<Code, String> {
    let found = Code::ALL.iter().find(|code| code.as_str() == text);
    found.copied().ok_or_else(|| {
        let all: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        format!("`{text}` is no refusal code; codes are: {}", all.join(", "))
    })
}

/// A state of a chunk.
pub(crate) fn state(text: &str) -> Result<String, String> {
    let states = [
        "agreed", "ready", "live", "paused", "held", "returned", "closed",
    ];
    let known = states.contains(&text).then(|| text.to_owned());
    known.ok_or_else(|| {
        format!(
            "`{text}` is no state of a chunk; states are: {}",
            states.join(", ")
        )
    })
}

/// A date.
pub(crate) fn date(text: &str) -> Result<Date, String> {
    text.parse()
        .map_err(|_| format!("`{text}` should be a date, for example 2027-03-01"))
}

/// An instant in UTC.
pub(crate) fn utc(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| format!("`{text}` should be an instant, for example 2026-11-01T02:00:00Z"))
}

/// A local date and time.
pub(crate) fn local(date: &str, time: &str) -> Result<DateTime, String> {
    format!("{date}T{time}").parse().map_err(|_| {
        format!("`{date} {time}` should be a date and a time, for example 2027-03-01 10:00")
    })
}

/// A local date and time in a zone.
pub(crate) fn instant(date: &str, time: &str, zone: &str) -> Result<Timestamp, String> {
    let local = local(date, time)?;
    let zone = TimeZone::get(zone)
        .map_err(|_| format!("`{zone}` should be a zone, for example America/New_York"))?;
    zone.to_timestamp(local).map_err(|e| e.to_string())
}

/// A length of time.
pub(crate) fn span(count: &str, unit: &str) -> Result<SignedDuration, String> {
    let count: u32 = number(count)?;
    let hours = match unit {
        "days" | "day" => 24,
        "hours" | "hour" => 1,
        "minutes" | "minute" => return Ok(SignedDuration::from_mins(count.into())),
        _ => return Err(format!("`{unit}` should be days, hours or minutes")),
    };
    Ok(SignedDuration::from_hours(i64::from(count) * hours))
}

/// A leg of a gate.
pub(crate) fn leg(text: &str) -> Result<GateLeg, String> {
    let found = GateLeg::ALL.into_iter().find(|leg| leg.words() == text);
    found.ok_or_else(|| {
        format!(
            "`{text}` is no leg; legs are: {}",
            GateLeg::ALL.map(GateLeg::words).join(", ")
        )
    })
}

/// A mechanism that moves calls.
pub(crate) fn mechanism(text: &str) -> Result<Mechanism, String> {
    let found = Mechanism::ALL.into_iter().find(|m| m.words() == text);
    found.ok_or_else(|| {
        format!(
            "`{text}` is no mechanism; mechanisms are: {}",
            Mechanism::ALL.map(Mechanism::words).join(", ")
        )
    })
}

/// A rung of the ladder.
pub(crate) fn rung(text: &str) -> Result<Rung, String> {
    let rungs = [
        Rung::Message,
        Rung::Appointment,
        Rung::Consult,
        Rung::Triage,
    ];
    let found = rungs.into_iter().find(|rung| rung.to_string() == text);
    found.ok_or_else(|| {
        format!(
            "`{text}` is no rung; rungs are: {}",
            rungs.map(|r| r.to_string()).join(", ")
        )
    })
}

/// A verdict.
pub(crate) fn verdict(text: &str) -> Result<Verdict, String> {
    match text {
        "pass" => Ok(Verdict::Pass),
        "not proved" => Ok(Verdict::NotProved),
        "worse" => Ok(Verdict::Worse),
        "no data" => Ok(Verdict::NoData),
        _ => Err(format!(
            "`{text}` is no verdict; verdicts are: pass, not proved, worse, no data"
        )),
    }
}

/// Yes or no, in two words.
pub(crate) fn one_of(text: &str, yes: &str, no: &str) -> Result<bool, String> {
    match text {
        _ if text == yes => Ok(true),
        _ if text == no => Ok(false),
        _ => Err(format!("`{text}` should be `{yes}` or `{no}`")),
    }
}

/// A kind of fact, in words or as recorded: `share changed`, `share_changed`.
pub(crate) fn fact(text: &str) -> Result<&'static str, String> {
    let name = text.replace(' ', "_");
    let found = Event::NAMES.iter().find(|known| **known == name);
    found.copied().ok_or_else(|| {
        format!(
            "`{text}` is no fact; facts are: {}",
            Event::NAMES.join(", ").replace('_', " ")
        )
    })
}
