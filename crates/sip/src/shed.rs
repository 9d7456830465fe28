//! What is remembered of calls that the table had no room for: which target each is at, in fixed
//! memory of 24 bytes a place. Newer calls take the place of older ones; a call that is forgotten
//! begins again at its first target.

const PLACES: usize = 1 << 16;

#[derive(Clone, Copy, Default)]
struct Place {
    key: u128,
    target: u8,
    targets: u8,
    /// Something rang: the next target must not ring as well.
    rang: bool,
}

/// See the file's head. A key is the seal of the call's INVITE.
pub(crate) struct Memo {
    places: Vec<Place>,
}

impl Memo {
    pub(crate) fn new() -> Self {
        Self { places: Vec::new() }
    }

    fn at(&mut self, key: u128) -> &mut Place {
        // Touched only once calls are shed at all.
        if self.places.is_empty() {
            self.places = vec![Place::default(); PLACES];
        }
        let home = usize::try_from(key % (PLACES as u128)).unwrap_or(0);
        &mut self.places[home]
    }

    /// The target a call is at; a new one begins at `first` of `targets`.
    pub(crate) fn target(&mut self, key: u128, first: usize, targets: usize) -> usize {
        let place = self.at(key);
        if place.key != key {
            let small = |count: usize| u8::try_from(count).unwrap_or(u8::MAX);
            *place = Place {
                key,
                target: small(first),
                targets: small(targets),
                rang: false,
            };
        }
        usize::from(place.target).min(targets.saturating_sub(1))
    }

    /// Whether the call is one of those.
    pub(crate) fn knows(&mut self, key: u128) -> bool {
        self.at(key).key == key
    }

    /// Something rings.
    pub(crate) fn rang(&mut self, key: u128) {
        self.at(key).rang = true;
    }

    /// The target refused: the call's next INVITE goes to the next one. `false` if there is none, or
    /// something rang already: then the refusal is the caller's answer.
    pub(crate) fn refused(&mut self, key: u128) -> bool {
        let place = self.at(key);
        let more = place.key == key && !place.rang && place.target + 1 < place.targets;
        place.target += u8::from(more);
        more
    }
}
