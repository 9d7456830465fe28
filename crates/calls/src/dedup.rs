//! Which rows are duplicates, in bounded memory for any number of rows.
//!
//! Each row leaves 40 bytes here: a keyed fingerprint of its call id, one of its whole text, its version and its ordinal. They
//! are kept in 256 buckets by id, spilled to a scratch file past [`KEYS_MAX`], and decided bucket by bucket against the
//! key files of earlier imports: memory is the larger of 32 MB and 1/256 of all keys of the source (about 5 MB for
//! 30 million calls), plus one bit per row read.

use crate::error::{CallsError, store};
use crate::spill::{Scratch, Written};
use segue_domain::caller::CallerKey;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Keys held in memory before they are spilled: 40 MB.
pub(crate) const KEYS_MAX: usize = 1_000_000;

const BUCKETS: usize = 256;
/// Id, content, version.
const KEY_BYTES: usize = 32;
const ENTRY_BYTES: usize = 40;
const MAGIC: &[u8; 8] = b"seguekv2";
/// Key files from before records had versions: id, content.
const MAGIC_V1: &[u8; 8] = b"seguekey";
const KEY_BYTES_V1: usize = 24;

/// The keyed fingerprints of a row.
///
/// Keyed with a secret drawn from the caller key, so that the key files cannot be searched for numbers.
#[derive(Clone)]
pub(crate) struct Fingerprints {
    start: Sha256,
}

impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprints(…)")
    }
}

impl Fingerprints {
    pub(crate) fn new(key: &CallerKey) -> Self {
        let secret = key.hash("row fingerprints");
        Self {
            start: Sha256::new().chain_update(secret.0),
        }
    }

    /// Of a call's id and leg.
    pub(crate) fn id(&self, source_call_id: &str, leg_id: Option<&str>) -> u128 {
        let digest = self
            .start
            .clone()
            .chain_update(b"id\0")
            .chain_update(source_call_id)
            .chain_update(b"\0")
            .chain_update(leg_id.unwrap_or_default())
            .finalize();
        let mut head = [0; 16];
        head.copy_from_slice(&digest[..16]);
        u128::from_le_bytes(head)
    }

    /// Of a row's text.
    pub(crate) fn content(&self, row: &[u8]) -> u64 {
        let digest = self
            .start
            .clone()
            .chain_update(b"row\0")
            .chain_update(row)
            .finalize();
        let mut head = [0; 8];
        head.copy_from_slice(&digest[..8]);
        u64::from_le_bytes(head)
    }
}

#[derive(Clone, Copy)]
struct Entry {
    id: u128,
    content: u64,
    /// When the source last changed the record, µs; 0 where it does not say.
    version: i64,
    ordinal: u64,
}

/// What a row turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The first of its id.
    New,
    /// The same row again.
    Exact,
    /// Another row with the id of one that stays: the later version, or the earlier row where versions do not tell.
    SameId,
    /// A row with the id of a call that was erased: whatever it says, it does not come back.
    Erased,
}

/// What is known of a source's calls from before.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Earlier<'a> {
    /// The key files of its imports.
    pub(crate) keys: &'a [PathBuf],
    /// The ids of its erased calls, a key file too.
    pub(crate) erased: Option<&'a Path>,
}

/// Writes a key file of ids alone: those of another one, if any, and these.
pub(crate) fn write_ids(
    known: Option<&Path>,
    mut ids: Vec<u128>,
    out: &Path,
) -> Result<(), CallsError> {
    ids.sort_unstable_by_key(|id| bucket_of(*id));
    let mut known = known.map(KeyFile::open).transpose()?;
    let mut written = KeyWriter::create(out)?;
    let mut rest = ids.as_slice();
    for bucket in 0..BUCKETS {
        let (own, others) = rest.split_at(rest.partition_point(|id| bucket_of(*id) == bucket));
        rest = others;
        let mut all = own.to_vec();
        if let Some(known) = &mut known {
            known.read(bucket, |id, _, _| all.push(id))?;
        }
        // In no order but their own: none tells which of them were one caller's.
        all.sort_unstable();
        all.dedup();
        for id in all {
            written.push(id, 0, 0)?;
        }
        written.end_bucket();
    }
    written.finish()
}

/// Where the blocks of each bucket start, and how long they are.
pub(crate) type Blocks = Vec<Vec<(u64, usize)>>;

/// The keys of one running import.
pub(crate) struct Keys {
    buckets: Vec<Vec<Entry>>,
    blocks: Blocks,
    held: usize,
    held_max: usize,
    scratch: Scratch,
}

fn bucket_of(id: u128) -> usize {
    usize::from(id.to_le_bytes()[15])
}

impl Keys {
    /// No keys yet; at most `held_max` stay in memory.
    pub(crate) fn new(scratch: PathBuf, held_max: usize) -> Self {
        Self {
            buckets: vec![Vec::new(); BUCKETS],
            blocks: vec![Vec::new(); BUCKETS],
            held: 0,
            held_max,
            scratch: Scratch::new(scratch),
        }
    }

    /// Adds the next row's key; ordinals rise.
    pub(crate) fn push(
        &mut self,
        id: u128,
        content: u64,
        version: i64,
        ordinal: u64,
    ) -> Result<(), CallsError> {
        self.buckets[bucket_of(id)].push(Entry {
            id,
            content,
            version,
            ordinal,
        });
        self.held += 1;
        if self.held < self.held_max {
            return Ok(());
        }
        self.spill()
    }

    /// Writes everything to the scratch file; says where each bucket's blocks are.
    pub(crate) fn save(&mut self) -> Result<(Blocks, Written), CallsError> {
        self.spill()?;
        Ok((self.blocks.clone(), self.scratch.written()?))
    }

    /// The keys as they were saved.
    pub(crate) fn resume(&mut self, blocks: &Blocks, end: u64) -> Result<(), CallsError> {
        self.scratch = Scratch::resume(self.scratch.path().to_owned(), end)?;
        self.blocks.clone_from(blocks);
        // A damaged checkpoint shall not index beyond its end.
        self.blocks.resize(BUCKETS, Vec::new());
        Ok(())
    }

    fn spill(&mut self) -> Result<(), CallsError> {
        self.held = 0;
        for (bucket, blocks) in self.buckets.iter_mut().zip(&mut self.blocks) {
            let mut block = Vec::with_capacity(bucket.len() * ENTRY_BYTES);
            for entry in bucket.drain(..) {
                block.extend_from_slice(&entry.id.to_le_bytes());
                block.extend_from_slice(&entry.content.to_le_bytes());
                block.extend_from_slice(&entry.version.to_le_bytes());
                block.extend_from_slice(&entry.ordinal.to_le_bytes());
            }
            bucket.shrink_to(0);
            if !block.is_empty() {
                blocks.push((self.scratch.append(&block)?, block.len()));
            }
        }
        Ok(())
    }

    /// Decides every row against earlier imports and those before it; writes the new keys to `out`. A row that turned out new may
    /// be decided again, as [`Verdict::SameId`], when a later version of it follows. Gives the ids of earlier imports' calls of which
    /// this one holds a later version.
    pub(crate) fn decide(
        mut self,
        earlier: Earlier<'_>,
        out: &Path,
        mut each: impl FnMut(u64, Verdict),
    ) -> Result<HashSet<u128>, CallsError> {
        let mut erased = earlier.erased.map(KeyFile::open).transpose()?;
        let mut earlier = earlier
            .keys
            .iter()
            .map(|path| KeyFile::open(path))
            .collect::<Result<Vec<_>, _>>()?;
        let mut written = KeyWriter::create(out)?;
        let mut superseded = HashSet::new();
        for bucket in 0..BUCKETS {
            let mut seen: HashMap<u128, Seen, BuildHasherDefault<OfId>> = HashMap::default();
            for file in &mut earlier {
                file.read(bucket, |id, content, version| {
                    let known = seen.get(&id).map_or(i64::MIN, |seen| seen.version);
                    if version >= known {
                        seen.insert(id, Seen::new(content, version, None));
                    }
                })?;
            }
            let gone = ids_of(erased.as_mut(), bucket)?;
            for entry in self.take(bucket)? {
                if gone.contains(&entry.id) {
                    each(entry.ordinal, Verdict::Erased);
                    continue;
                }
                let is_new = match seen.get(&entry.id) {
                    None => true,
                    Some(known) if known.content == entry.content => {
                        each(entry.ordinal, Verdict::Exact);
                        continue;
                    }
                    Some(known) if entry.version > known.version => {
                        match known.ordinal {
                            Some(ordinal) => each(ordinal, Verdict::SameId),
                            None => {
                                superseded.insert(entry.id);
                            }
                        }
                        true
                    }
                    Some(_) => false,
                };
                if is_new {
                    let now = Seen::new(entry.content, entry.version, Some(entry.ordinal));
                    seen.insert(entry.id, now);
                }
                each(
                    entry.ordinal,
                    if is_new {
                        Verdict::New
                    } else {
                        Verdict::SameId
                    },
                );
            }
            let mut new: Vec<_> = seen
                .iter()
                .filter_map(|(id, seen)| Some((seen.ordinal?, *id, seen)))
                .collect();
            new.sort_unstable_by_key(|(ordinal, ..)| *ordinal);
            for (_, id, seen) in new {
                written.push(id, seen.content, seen.version)?;
            }
            written.end_bucket();
        }
        written.finish()?;
        Ok(superseded)
    }

    /// A bucket's entries in the order they came.
    fn take(&mut self, bucket: usize) -> Result<Vec<Entry>, CallsError> {
        let mut entries = Vec::new();
        for (start, length) in &self.blocks[bucket] {
            let block = self.scratch.read(*start, *length)?;
            entries.extend(block.chunks_exact(ENTRY_BYTES).map(|entry| Entry {
                id: u128::from_le_bytes(array(&entry[..16])),
                content: u64::from_le_bytes(array(&entry[16..24])),
                version: i64::from_le_bytes(array(&entry[24..32])),
                ordinal: u64::from_le_bytes(array(&entry[32..])),
            }));
        }
        entries.append(&mut self.buckets[bucket]);
        Ok(entries)
    }
}

/// The ids of a bucket of a key file; none where there is no file.
fn ids_of(
    file: Option<&mut KeyFile>,
    bucket: usize,
) -> Result<HashSet<u128, BuildHasherDefault<OfId>>, CallsError> {
    let mut ids = HashSet::default();
    if let Some(file) = file {
        file.read(bucket, |id, _, _| {
            ids.insert(id);
        })?;
    }
    Ok(ids)
}

/// Ids are keyed fingerprints, evenly spread already: their own bits are the hash.
#[derive(Default)]
struct OfId(u64);

impl Hasher for OfId {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, id: u128) {
        // The low half; the bucket is taken from the high one.
        self.0 = u64::from_le_bytes(array(&id.to_le_bytes()[..8]));
    }
}

/// What is known of an id.
struct Seen {
    content: u64,
    version: i64,
    /// The row of the running import; nothing for a call of an earlier one.
    ordinal: Option<u64>,
}

impl Seen {
    const fn new(content: u64, version: i64, ordinal: Option<u64>) -> Self {
        Self {
            content,
            version,
            ordinal,
        }
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

/// Writes a key file: magic, 256 bucket ends, then the keys bucket by bucket.
struct KeyWriter {
    path: PathBuf,
    file: BufWriter<File>,
    keys: u64,
    ends: Vec<u64>,
}

const HEAD_BYTES: u64 = 8 + 256 * 8;

impl KeyWriter {
    fn create(path: &Path) -> Result<Self, CallsError> {
        let mut file = File::create_new(path).map_err(store("create", path))?;
        file.seek(SeekFrom::Start(HEAD_BYTES))
            .map_err(store("write", path))?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
            keys: 0,
            ends: Vec::new(),
        })
    }

    fn push(&mut self, id: u128, content: u64, version: i64) -> Result<(), CallsError> {
        let mut key = [0; KEY_BYTES];
        key[..16].copy_from_slice(&id.to_le_bytes());
        key[16..24].copy_from_slice(&content.to_le_bytes());
        key[24..].copy_from_slice(&version.to_le_bytes());
        self.keys += 1;
        self.file
            .write_all(&key)
            .map_err(store("write", &self.path))
    }

    fn end_bucket(&mut self) {
        self.ends.push(self.keys);
    }

    fn finish(mut self) -> Result<(), CallsError> {
        let path = self.path;
        self.file
            .seek(SeekFrom::Start(0))
            .map_err(store("write", &path))?;
        self.file.write_all(MAGIC).map_err(store("write", &path))?;
        for end in &self.ends {
            self.file
                .write_all(&end.to_le_bytes())
                .map_err(store("write", &path))?;
        }
        self.file.flush().map_err(store("write", &path))?;
        self.file
            .get_ref()
            .sync_all()
            .map_err(store("write", &path))
    }
}

/// Reads a key file bucket by bucket.
struct KeyFile {
    path: PathBuf,
    file: File,
    key_bytes: usize,
    ends: Vec<u64>,
}

impl KeyFile {
    fn open(path: &Path) -> Result<Self, CallsError> {
        let mut file = File::open(path).map_err(store("read", path))?;
        let mut head = vec![0; usize::try_from(HEAD_BYTES).unwrap_or(0)];
        file.read_exact(&mut head).map_err(store("read", path))?;
        let key_bytes = if head.starts_with(MAGIC) {
            KEY_BYTES
        } else if head.starts_with(MAGIC_V1) {
            KEY_BYTES_V1
        } else {
            return Err(CallsError::Damaged {
                path: path.to_owned(),
                why: "it is no key file".into(),
            });
        };
        let ends = head[8..]
            .chunks_exact(8)
            .map(|end| u64::from_le_bytes(array(end)))
            .collect();
        Ok(Self {
            path: path.to_owned(),
            file,
            key_bytes,
            ends,
        })
    }

    fn read(
        &mut self,
        bucket: usize,
        mut each: impl FnMut(u128, u64, i64),
    ) -> Result<(), CallsError> {
        let start = if bucket == 0 {
            0
        } else {
            self.ends[bucket - 1]
        };
        let keys = self.ends[bucket].saturating_sub(start);
        let mut bytes = vec![0; usize::try_from(keys).unwrap_or(0) * self.key_bytes];
        let at = HEAD_BYTES + start * u64::try_from(self.key_bytes).unwrap_or(0);
        self.file
            .seek(SeekFrom::Start(at))
            .map_err(store("read", &self.path))?;
        self.file
            .read_exact(&mut bytes)
            .map_err(store("read", &self.path))?;
        for key in bytes.chunks_exact(self.key_bytes) {
            each(
                u128::from_le_bytes(array(&key[..16])),
                u64::from_le_bytes(array(&key[16..24])),
                key.get(24..)
                    .map_or(0, |version| i64::from_le_bytes(array(version))),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spilled_or_not_the_first_of_an_id_stays() {
        let folder = tempfile::tempdir().unwrap();
        let rows: Vec<(u64, u64)> = (0..5_000_u64).map(|i| (i % 1_700, i % 3)).collect();
        let prints = Fingerprints::new(&CallerKey::new(&[3; 32]));
        let mut results = Vec::new();
        for (name, held_max) in [("held", usize::MAX), ("spilled", 97)] {
            let mut keys = Keys::new(folder.path().join(format!("{name}.scratch")), held_max);
            for (ordinal, (id, content)) in (0..).zip(&rows) {
                let id = prints.id(&id.to_string(), None);
                keys.push(id, prints.content(&content.to_le_bytes()), 0, ordinal)
                    .unwrap();
            }
            let mut verdicts = vec![None; rows.len()];
            let out = folder.path().join(format!("{name}.keys"));
            keys.decide(Earlier::default(), &out, |ordinal, verdict| {
                verdicts[usize::try_from(ordinal).unwrap()] = Some(verdict);
            })
            .unwrap();
            results.push(verdicts);
        }
        assert_eq!(results[0], results[1]);
        for (ordinal, (verdict, (id, content))) in results[0].iter().zip(&rows).enumerate() {
            let first = rows.iter().position(|row| row.0 == *id).unwrap();
            let expected = if first == ordinal {
                Verdict::New
            } else if rows[first].1 == *content {
                Verdict::Exact
            } else {
                Verdict::SameId
            };
            assert_eq!(*verdict, Some(expected));
        }
        // A later import knows them all.
        let mut keys = Keys::new(folder.path().join("later.scratch"), 10);
        keys.push(
            prints.id("5", None),
            prints.content(&2_u64.to_le_bytes()),
            0,
            0,
        )
        .unwrap();
        keys.push(prints.id("9999", None), 1, 0, 1).unwrap();
        // A later version of a call that was erased.
        keys.push(prints.id("7", None), 1, i64::MAX, 2).unwrap();
        let [first, erased] = ["first.keys", "erased.keys"].map(|name| folder.path().join(name));
        write_ids(None, vec![prints.id("7", None)], &first).unwrap();
        let more = ["8", "7"].map(|id| prints.id(id, None)).to_vec();
        write_ids(Some(&first), more, &erased).unwrap();
        let mut verdicts = Vec::new();
        let earlier = Earlier {
            keys: &[folder.path().join("spilled.keys")],
            erased: Some(&erased),
        };
        keys.decide(
            earlier,
            &folder.path().join("later.keys"),
            |ordinal, verdict| {
                verdicts.push((ordinal, verdict));
            },
        )
        .unwrap();
        verdicts.sort_by_key(|verdict| verdict.0);
        assert_eq!(
            verdicts,
            [(0, Verdict::Exact), (1, Verdict::New), (2, Verdict::Erased)]
        );
    }
}
