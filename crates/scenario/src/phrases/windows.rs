//! Shift windows across daylight saving.

use super::{Phrase, then, when};
use crate::steps::{Read, act, check};
use crate::trouble::{Done, contains, same, wanting};
use crate::words::{date, quoted, utc};
use crate::world::{Outcome, World};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use segue_domain::windows::{Occurrence, ShiftWindow, WeeklyWindow, hour_text};

pub(super) const PHRASES: &[Phrase] = &[
    when("the window {\"window\"} in {zone} begins on {date}", |w| {
        let (shift, on) = (ShiftWindow::new(&quoted(w[0])?, w[1]), date(w[2])?);
        act(move |world| Box::pin(async move { look_at(world, &shift, on) }))
    }),
    then("the window lasts {n} h", |w| {
        let hours = w[0].to_owned();
        check_window(move |_, seen| {
            let lasts = seen.end.duration_since(seen.start);
            same(hours, hour_text(lasts.as_secs()))
        })
    }),
    then("the window starts at {instant}", |w| {
        let at = utc(w[0])?;
        check_window(move |_, seen| same(at.to_string(), seen.start.to_string()))
    }),
    then("the window ends at {instant}", |w| {
        let at = utc(w[0])?;
        check_window(move |_, seen| same(at.to_string(), seen.end.to_string()))
    }),
    then("the window warns {\"text\"}", |w| {
        let says = quoted(w[0])?;
        check_window(move |_, seen| {
            contains(seen.warning.as_deref().unwrap_or("no warning"), &says)
        })
    }),
    then("a call at {instant} is inside once", |w| {
        let at = utc(w[0])?;
        check_window(move |weekly, _| {
            let times = times_inside(weekly, at);
            same("inside 1 ×", format!("inside {times} ×"))
        })
    }),
];

fn look_at(world: &mut World, shift: &ShiftWindow, on: Date) -> Done {
    match shift.parse() {
        Err(refusal) => world.last = Some(Outcome::Refused(Box::new(refusal))),
        Ok(weekly) => {
            let first = weekly.occurrences(on, on).into_iter().next();
            let expected = || format!("`{}` to begin on {on}", shift.window);
            let first = first.ok_or_else(|| wanting(expected(), "it does not"))?;
            world.window = Some((weekly, first));
        }
    }
    Ok(())
}

fn check_window(compare: impl FnOnce(&WeeklyWindow, &Occurrence) -> Done + Send + 'static) -> Read {
    check(move |seen| match &seen.world.window {
        Some((weekly, occurrence)) => compare(weekly, occurrence),
        None => Err(wanting("a window before this line", "none was looked at")),
    })
}

/// In how many occurrences around it the instant lies.
fn times_inside(weekly: &WeeklyWindow, at: Timestamp) -> usize {
    let date = at.to_zoned(TimeZone::UTC).date();
    let days = Span::new().days(9);
    let from = date.checked_sub(days).unwrap_or(date);
    let to = date.checked_add(days).unwrap_or(date);
    let inside = |o: &&Occurrence| o.start <= at && at < o.end;
    weekly.occurrences(from, to).iter().filter(inside).count()
}
