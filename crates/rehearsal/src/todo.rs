//! What is to be done at a time: the paged person's press, the heartbeat, the note.

use std::collections::BTreeMap;

/// Things to do, by time and then in the order they were noted.
#[derive(Clone, Debug)]
pub(crate) struct Todo<A> {
    acts: BTreeMap<(i64, u32), A>,
    noted: u32,
}

impl<A> Default for Todo<A> {
    fn default() -> Self {
        Self {
            acts: BTreeMap::new(),
            noted: 0,
        }
    }
}

impl<A> Todo<A> {
    pub(crate) fn note(&mut self, at_us: i64, act: A) {
        self.acts.insert((at_us, self.noted), act);
        self.noted += 1;
    }

    pub(crate) fn next_us(&self) -> i64 {
        self.acts
            .keys()
            .next()
            .map_or(i64::MAX, |(at_us, _)| *at_us)
    }

    pub(crate) fn take_due(&mut self, now_us: i64) -> Option<A> {
        let entry = self.acts.first_entry()?;
        (entry.key().0 <= now_us).then(|| entry.remove())
    }
}
