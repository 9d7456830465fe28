//! What a publishing puts, and what it deletes after it: pure.

use crate::publish::sealing::mark;
use crate::seal::LakeKey;
use crate::store::{ImportEntry, Manifest};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The object that makes a publishing happen.
pub(super) const PUBLISHED: &str = "_segue/published";

/// How the published manifest is written.
pub(super) const FORMAT: u32 = 1;

/// What is published: the store's manifest, and where each of its files is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Published {
    pub(super) format: u32,
    pub(super) manifest: Manifest,
    pub(super) objects: Vec<Object>,
}

/// A file of the store and its object. Objects are never changed: another content is another object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Object {
    /// The file, relative to the store.
    pub(super) path: String,
    /// The object, relative to the place.
    pub(super) place: String,
    /// The file's length.
    pub(super) bytes: u64,
    /// SHA-256 of the file, hexadecimal.
    pub(super) sha256: String,
    /// Whether it is sealed on its way: the records' files are as they lie.
    pub(super) seals: bool,
}

impl Object {
    /// Of a file with records.
    pub(super) fn of_part(path: String, bytes: u64, sha256: String) -> Self {
        let stem = path.strip_suffix(".parquet").unwrap_or(&path);
        Self {
            place: format!("{stem}.{sha256}.parquet"),
            path,
            bytes,
            sha256,
            seals: false,
        }
    }

    /// Of a file beside them.
    pub(super) fn beside(path: String, bytes: u64, sha256: String, key: &LakeKey) -> Self {
        let mark = hex::encode(mark(key, &path, &sha256));
        Self {
            place: format!("{path}.{mark}.sealed"),
            path,
            bytes,
            sha256,
            seals: true,
        }
    }

    /// The object's length.
    pub(super) fn length(&self) -> u64 {
        if self.seals {
            super::sealing::sealed_length(self.bytes)
        } else {
            self.bytes
        }
    }

    /// Whether it can be a file of a store: whoever wrote what is fetched may lay nothing outside.
    pub(super) fn is_of_a_store(&self) -> bool {
        let begins = ["source=", "_segue/"];
        let fits = |part: &str| !part.is_empty() && part != "." && part != "..";
        begins.iter().any(|begin| self.path.starts_with(begin)) && self.path.split('/').all(fits)
    }
}

/// Whether an object is one that a publishing puts, so that a later one may delete it: what others laid there stays.
fn is_ours(place: &str) -> bool {
    let begins = place.starts_with("source=") || place.starts_with("_segue/");
    let mut words = place.rsplit('.');
    let end = words
        .next()
        .is_some_and(|end| ["parquet", "sealed"].contains(&end));
    let digits = |hash: &str| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    begins && end && words.next().is_some_and(digits)
}

/// What is to be done: puts first, then the manifest, then the deletions.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Steps<'a> {
    pub(super) puts: Vec<&'a Object>,
    pub(super) deletions: Vec<&'a str>,
}

/// From the objects that are to be published and those that are there, with their lengths.
pub(super) fn steps<'a>(wanted: &'a [Object], there: &'a BTreeMap<String, u64>) -> Steps<'a> {
    let names: BTreeSet<&str> = wanted.iter().map(|object| object.place.as_str()).collect();
    let lacks = |object: &&Object| there.get(&object.place) != Some(&object.length());
    let goes = |place: &&str| is_ours(place) && !names.contains(place);
    Steps {
        puts: wanted.iter().filter(lacks).collect(),
        deletions: there.keys().map(String::as_str).filter(goes).collect(),
    }
}

/// Whether a store is a later state of what is published (or the same): nothing of that was undone, and it is no other store's.
pub(super) fn follows(later: &Manifest, published: &Manifest) -> bool {
    let mut imports = published.imports.iter().zip(&later.imports);
    let read = |import: &ImportEntry| -> Vec<String> {
        let files = import.files.iter();
        files.map(|file| file.sha256.clone()).collect()
    };
    later.imports.len() >= published.imports.len()
        && imports.all(|(one, other)| {
            one.id == other.id
                && one.source == other.source
                && one.mapping_hash == other.mapping_hash
                && one.imported_at == other.imported_at
                && read(one) == read(other)
        })
        && later.erasures.starts_with(&published.erasures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn object(number: u8, content: u8) -> Object {
        let path = format!("source=acd/day=2026-03-{number:02}/000001.parquet");
        if number.is_multiple_of(3) {
            let key = LakeKey::new([1; 32]);
            let path = format!("_segue/keys/{number:06}.keys");
            return Object::beside(path, 9, format!("{content:064x}"), &key);
        }
        Object::of_part(path, u64::from(content), format!("{content:064x}"))
    }

    fn objects(of: &BTreeMap<u8, u8>) -> Vec<Object> {
        of.iter()
            .map(|(number, content)| object(*number, *content))
            .collect()
    }

    fn stores() -> impl Strategy<Value = BTreeMap<u8, u8>> {
        prop::collection::btree_map(0_u8..9, 0_u8..4, 0..9)
    }

    proptest! {
        /// Cut off anywhere, everything that the manifest in force names is there; to its end, nothing else of ours is.
        #[test]
        fn old_until_the_manifest_then_new_and_nothing_else(
            old in stores(),
            new in stores(),
            left in stores(),
            cut in 0_usize..20,
        ) {
            let (old, new, left) = (objects(&old), objects(&new), objects(&left));
            let foreign = ["readme.txt", "source=x/notes.parquet", "_segue/conditions", PUBLISHED];
            let mut there: BTreeMap<String, u64> =
                foreign.iter().map(|place| ((*place).to_owned(), 1)).collect();
            there.extend(old.iter().chain(&left).map(|o| (o.place.clone(), o.length())));
            let before = there.clone();
            let Steps { puts, deletions } = steps(&new, &before);
            for object in puts.iter().take(cut) {
                there.insert(object.place.clone(), object.length());
            }
            prop_assert!(old.iter().all(|object| there.contains_key(&object.place)));
            for object in &puts {
                prop_assert!(before.get(&object.place) != Some(&object.length()), "sent twice");
                there.insert(object.place.clone(), object.length());
            }
            let after_puts = there.clone();
            for place in deletions.iter().take(cut) {
                there.remove(*place);
            }
            prop_assert!(new.iter().all(|o| there.get(&o.place) == Some(&o.length())));
            // Cut off there, the next run does the rest.
            let rest = steps(&new, &there);
            prop_assert!(rest.puts.is_empty());
            for place in &deletions {
                prop_assert!(after_puts.contains_key(*place));
            }
            let mut ended = there.clone();
            for place in rest.deletions {
                ended.remove(place);
            }
            let wanted: BTreeSet<&str> =
                new.iter().map(|o| o.place.as_str()).chain(foreign).collect();
            let found: BTreeSet<&str> = ended.keys().map(String::as_str).collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn no_file_is_laid_outside_a_store() {
        let of = |path: &str| Object::of_part(path.into(), 1, "ab".into()).is_of_a_store();
        assert!(of("source=acd/day=2026-03-01/000001.parquet") && of("_segue/keys/000001.keys"));
        for path in [
            "/etc/passwd",
            "source=/../../x",
            "_segue/../../x",
            "x",
            "source=a//b",
        ] {
            assert!(!of(path), "{path}");
        }
    }
}
