//! The caller's side in figures: reached, resolved, called back, blocked; and how the centre's time and duty stand.

use super::words::{day, parts, percent, seconds};
use segue_calls::disclosure::is_open_part;
use segue_calls::operations::Operations;
use segue_calls::understanding::{Ratio, Understanding};

/// Dispositions named.
const NAMED: usize = 6;

/// Each figure with its words; what rests on nothing is left out.
pub(super) fn figures(
    found: &Understanding,
    work: &Operations,
    limited: bool,
) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut say = |what: &str, ratio: Ratio, more: String| {
        let told = !limited || is_open_part(ratio.numerator, ratio.denominator);
        let words = if told {
            format!("{}{more}", parts(ratio))
        } else {
            "withheld".to_owned()
        };
        if ratio.denominator > 0 {
            all.push((what.to_owned(), words));
        }
    };
    let callers = &found.callers;
    say(
        "Attempts that reached a person",
        callers.reached,
        "; redials within 30 minutes are one attempt".into(),
    );
    say(
        "Resolved at the first call",
        callers.first_call_resolution,
        "; no further call about the same within 72 h".into(),
    );
    say(
        "Blocked attempts",
        found.blockage,
        "; carriers' records".into(),
    );
    let promises = &work.callbacks;
    let more = if limited {
        String::new()
    } else {
        format!(
            "; {} late, {} never made, {} not due yet; {} from promise to call in the mean, {} s at the longest",
            promises.all.late,
            promises.all.unmade,
            promises.all.not_due,
            seconds(promises.mean_ms),
            promises.longest_s
        )
    };
    say("Callbacks on time", promises.all.compliance, more);
    say(
        "Occupancy",
        work.occupancy,
        "; seconds handling of seconds handling or free, all agents together".into(),
    );
    if !work.dispositions.is_empty() && !limited {
        let mix = work.dispositions.iter().take(NAMED);
        let mix: Vec<String> = mix
            .map(|one| format!("{} {}", one.disposition, percent(one.share)))
            .collect();
        all.push(("Calls ended in".into(), mix.join(", ")));
    }
    if let Some(gap) = work.duty_gaps.iter().min_by_key(|gap| gap.from) {
        let first = day(gap.from.to_zoned(jiff::tz::TimeZone::UTC).date());
        let gaps = work.duty_gaps.len();
        let says = format!(
            "{gaps} times nobody; first {} on {first} (UTC)",
            gap.service
        );
        all.push(("On call".into(), says));
    }
    all
}
