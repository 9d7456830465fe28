//! A course played with the chance of a replication, outcome only: nobody decides, nothing is judged.

use crate::course::Course;
use crate::people;
use crate::setting::Setting;
use crate::stage::{Ended, Side, Stage};
use crate::tally::Tally;
use segue_capacity::simulate::INTERVAL_US;

/// Plays a course. The replication it was recorded in gives what was seen there, bit by bit.
pub(crate) fn play(setting: &Setting, course: &Course, replication: u64) -> Tally {
    let mut stage = Stage::new(setting, replication);
    for (at_us, people) in course.staffed() {
        play_until(&mut stage, course, *at_us);
        stage.advance(*at_us);
        stage.staff(people);
    }
    play_until(&mut stage, course, i64::MAX);
    stage.finish()
}

/// Plays a course and tells each call that left its queue.
pub(crate) fn each(
    setting: &Setting,
    course: &Course,
    replication: u64,
    mut tell: impl FnMut(Ended),
) {
    let mut stage = Stage::new(setting, replication).telling_calls();
    for (at_us, people) in course.staffed() {
        play_until(&mut stage, course, *at_us);
        stage.advance(*at_us);
        stage.staff(people);
        stage.take_ended().into_iter().for_each(&mut tell);
    }
    play_until(&mut stage, course, i64::MAX);
    stage.take_ended().into_iter().for_each(&mut tell);
}

fn play_until(stage: &mut Stage<'_>, course: &Course, until_us: i64) {
    while let Some((n, _)) = stage.next_before(until_us) {
        stage.offer_next(course.side(n));
    }
}

/// Nothing moves.
pub(crate) fn no_move(setting: &Setting) -> Course {
    scripted(setting, i64::MAX)
}

/// Everything that the plan moves goes out at one instant, and nobody is at home any more to fall back to.
pub(crate) fn mass_cutover(setting: &Setting, at_us: i64) -> Course {
    scripted(setting, at_us)
}

fn scripted(setting: &Setting, cutover_us: i64) -> Course {
    let mut course = Course::default();
    for call in &setting.calls {
        let dead = setting.trouble.outages.iter().any(|o| o.holds(call.at_us));
        let out = call.at_us >= cutover_us && !dead;
        course.call(if out { Side::Out } else { Side::Home });
    }
    let mut at_us = setting.from_us;
    while at_us < setting.to_us {
        let people = if at_us >= cutover_us {
            people::after_cutover(setting, cutover_us, at_us)
        } else {
            people::as_today(setting, at_us)
        };
        course.staff(at_us, &people);
        at_us += INTERVAL_US;
    }
    course
}
