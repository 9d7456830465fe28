//! People on the phones at both centres, quarter of an hour by quarter of an hour, as shares and the people plan have it.

use crate::assumptions::Assumptions;
use crate::injections::Centre;
use crate::setting::Setting;

/// Minutes the outsourcer's people stay after a share fell: calls in its queue are still answered there.
const STAY_MIN: u32 = 60;

/// A share that people follow: up at once, down only after a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Followed {
    share_bp: u16,
    later: Option<(i64, u16)>,
}

impl Followed {
    fn aim(&mut self, share_bp: u16, at_us: i64, lag_us: i64) {
        self.settle(at_us);
        if share_bp >= self.share_bp {
            *self = Self {
                share_bp,
                later: None,
            };
        } else if self.later.is_none_or(|(_, aimed)| aimed != share_bp) {
            self.later = Some((at_us + lag_us, share_bp));
        }
    }

    fn settle(&mut self, at_us: i64) {
        if let Some((due_us, share_bp)) = self.later
            && due_us <= at_us
        {
            *self = Self {
                share_bp,
                later: None,
            };
        }
    }
}

/// Who follows which number's share.
#[derive(Clone, Debug)]
pub(crate) struct Roster {
    home: Vec<Followed>,
    out: Vec<Followed>,
}

/// People on the phones by group, in both centres.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OnPhones {
    pub(crate) home: Vec<u32>,
    pub(crate) out: Vec<u32>,
}

impl Roster {
    pub(crate) fn new(routes: usize) -> Self {
        Self {
            home: vec![Followed::default(); routes],
            out: vec![Followed::default(); routes],
        }
    }

    /// The share of a number that goes out from now on.
    pub(crate) fn aim(&mut self, s: &Setting, route: usize, share_bp: u16, at_us: i64) {
        let recall_min = s.assumptions.recall_min + s.trouble.recall_min;
        let minute_us = 60_000_000;
        self.home[route].aim(share_bp, at_us, i64::from(recall_min) * minute_us);
        self.out[route].aim(share_bp, at_us, i64::from(STAY_MIN) * minute_us);
    }

    /// People on the phones now.
    pub(crate) fn on_phones(&mut self, s: &Setting, at_us: i64) -> OnPhones {
        for followed in self.home.iter_mut().chain(&mut self.out) {
            followed.settle(at_us);
        }
        let quarter = s.quarter(at_us);
        let erlangs = |route: &usize| s.routes[*route].erlangs[quarter];
        let part = |followed: &[Followed], route: &usize| {
            erlangs(route) * f64::from(followed[*route].share_bp) / 10_000.0
        };
        let home = |group: &Vec<usize>| {
            let all: f64 = group.iter().map(erlangs).sum();
            let moved: f64 = group.iter().map(|route| part(&self.home, route)).sum();
            let people = needed(all, &s.assumptions);
            let freed = if all > 0.0 { moved / all } else { 0.0 };
            let away =
                f64::from(people) * freed * f64::from(s.assumptions.reassigned_percent) / 100.0;
            present(
                s,
                Centre::InHouse,
                people - whole(away.floor()).min(people),
                at_us,
            )
        };
        let out = |group: &Vec<usize>| {
            let taken: f64 = group.iter().map(|route| part(&self.out, route)).sum();
            let planned = taken * f64::from(s.assumptions.staffed_for_percent) / 100.0;
            let people = needed(planned, &s.assumptions);
            present(s, Centre::Outsourced, people, at_us)
        };
        OnPhones {
            home: s.groups.iter().map(home).collect(),
            out: s.groups.iter().map(out).collect(),
        }
    }
}

/// Everybody at home as today.
pub(crate) fn as_today(s: &Setting, at_us: i64) -> OnPhones {
    Roster::new(s.routes.len()).on_phones(s, at_us)
}

/// Nobody at home any more since a cutover; the outsourcer staffed for the client's own handle time, as far as its people are
/// trained.
pub(crate) fn after_cutover(s: &Setting, cutover_us: i64, at_us: i64) -> OnPhones {
    let quarter = s.quarter(at_us);
    let ready = ready_percent(&s.assumptions, at_us - cutover_us);
    let out = |group: &Vec<usize>| {
        let all: f64 = group
            .iter()
            .map(|route| s.routes[*route].erlangs[quarter])
            .sum();
        let planned = all * f64::from(s.assumptions.cutover_staffed_for_percent) / 100.0;
        let trained = u64::from(needed(planned, &s.assumptions)) * ready / 100;
        present(
            s,
            Centre::Outsourced,
            u32::try_from(trained).unwrap_or(u32::MAX),
            at_us,
        )
    };
    OnPhones {
        home: vec![0; s.groups.len()],
        out: s.groups.iter().map(out).collect(),
    }
}

/// Percent of a cutover's people who are trained so long after it.
fn ready_percent(a: &Assumptions, since_us: i64) -> u64 {
    let ready = u64::from(a.cutover_ready_percent.min(100));
    let weeks_us = u64::from(a.cutover_ready_weeks.max(1)) * 7 * 24 * 3_600_000_000;
    let since_us = u64::try_from(since_us).unwrap_or(0).min(weeks_us);
    ready + (100 - ready) * since_us / weeks_us
}

/// The offered load and a reserve of so many percent of its square root; a team at least, or nobody for no load.
pub(crate) fn needed(erlangs: f64, a: &Assumptions) -> u32 {
    if erlangs <= 0.0 {
        return 0;
    }
    let reserve = f64::from(a.reserve_percent) / 100.0 * erlangs.sqrt();
    whole((erlangs + reserve).ceil()).max(a.team_min)
}

/// Those who come to work.
fn present(s: &Setting, centre: Centre, people: u32, at_us: i64) -> u32 {
    let absent = s.trouble.absent.iter();
    let percent: u32 = absent
        .filter(|(at, period, _)| *at == centre && period.holds(at_us))
        .map(|(.., percent)| percent)
        .sum();
    people - people * percent.min(100) / 100
}

/// A small whole number that is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "people: whole, small, and a float-to-integer cast saturates"
)]
pub(crate) fn whole(people: f64) -> u32 {
    people as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_go_at_once_and_come_back_after_the_recall() {
        let mut home = Followed::default();
        home.aim(6_000, 10, 30);
        assert_eq!(home.share_bp, 6_000);
        home.aim(0, 100, 30);
        home.aim(0, 120, 30);
        home.settle(129);
        assert_eq!(home.share_bp, 6_000, "asked again is not called later");
        home.settle(130);
        assert_eq!(home.share_bp, 0);
    }

    #[test]
    fn nobody_for_no_load_and_a_reserve_for_any() {
        let people = |erlangs| needed(erlangs, &Assumptions::default());
        assert_eq!([0.0, 0.1, 9.0, 100.0].map(people), [0, 2, 13, 113]);
    }
}
