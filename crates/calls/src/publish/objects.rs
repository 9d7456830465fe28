//! An object store as a place: big files go in parts, and the manifest object is replaced only if it is still what was seen.

use super::place::{Pieces, Replacing, Shelf, Standing, fault, lost};
use super::steps::PUBLISHED;
use crate::error::CallsError;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion,
    WriteMultipart,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

/// A longer object goes in parts of this length, two at a time.
const PART: usize = 8 * 1024 * 1024;
const PARTS_AT_ONCE: usize = 2;
/// Bytes that do not come for so long come no more.
const SILENCE: Duration = Duration::from_mins(1);
/// An object whose content says what it is for: it shows whether the store heeds conditions.
const CONDITIONS: &str = "_segue/conditions";
const CONDITIONS_SAY: &str = "segue calls publish found out with this object whether conditional puts are heeded here; it may be deleted.\n";

pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    /// Ends with a slash, or is empty.
    prefix: String,
    url: String,
}

impl Objects {
    pub(super) fn new(
        store: Arc<dyn ObjectStore>,
        prefix: &str,
        url: &str,
    ) -> Result<Self, CallsError> {
        let prefix = prefix.trim_end_matches('/');
        Path::parse(prefix).map_err(|_| {
            CallsError::Parameter(format!(
                "{url}: the prefix cannot stand in an object's name; use letters, digits, -, _ and single slashes"
            ))
        })?;
        let prefix = match prefix {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Ok(Self {
            store,
            prefix,
            url: url.to_owned(),
        })
    }

    fn path(&self, place: &str) -> Path {
        Path::from(format!("{}{place}", self.prefix))
    }

    fn trouble(&self, error: &Error) -> CallsError {
        trouble(&self.url, error)
    }

    async fn put_if(&self, place: &str, bytes: Bytes, mode: PutMode) -> Result<(), Error> {
        let (path, payload) = (self.path(place), PutPayload::from(bytes));
        let put = self.store.put_opts(&path, payload, PutOptions::from(mode));
        put.await.map(|_| ())
    }

    /// Whether a put that must fail does.
    async fn heeds(&self, mode: PutMode) -> Result<bool, CallsError> {
        match self.put_if(CONDITIONS, CONDITIONS_SAY.into(), mode).await {
            Ok(()) | Err(Error::NotImplemented { .. }) => Ok(false),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(true),
            Err(error) => Err(self.trouble(&error)),
        }
    }
}

/// Why an object store did not do what was asked, and what to do.
fn trouble(url: &str, error: &Error) -> CallsError {
    let why = innermost(error);
    let what = match error {
        _ if why.contains("NoSuchBucket") => {
            "there is no such bucket; create it, or name another".to_owned()
        }
        Error::NotFound { .. } => super::GONE.to_owned(),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => format!(
            "the store refuses these credentials ({why}); check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that they may list, read, \
             write and delete there"
        ),
        _ => format!(
            "the store does not answer as it should ({why}); check AWS_ENDPOINT_URL, AWS_REGION and the network, then run it again: what is \
             there already is not sent twice"
        ),
    };
    fault(url, what)
}

/// The cause that lies deepest, in one short line.
fn innermost(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text = cause.to_string();
        next = cause.source();
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(300).collect()
}

/// The next bytes of a file, as many as asked for unless it ends.
fn fill(source: &mut (dyn Read + Send), length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[async_trait]
impl Shelf for Objects {
    /// Nobody holds one there: the manifest object tells who was first.
    fn turn(&self) -> Result<Option<File>, CallsError> {
        Ok(None)
    }

    async fn require_conditions(&self) -> Result<(), CallsError> {
        let none = UpdateVersion {
            e_tag: Some(format!("\"{}\"", "0".repeat(32))),
            version: None,
        };
        // The first put makes the object where it is not there yet; a second one must not.
        let heeds_absence =
            self.heeds(PutMode::Create).await? || self.heeds(PutMode::Create).await?;
        if heeds_absence && self.heeds(PutMode::Update(none)).await? {
            return Ok(());
        }
        Err(fault(
            &self.url,
            "this store does not heed conditional puts (If-None-Match and If-Match), so two publishers could overwrite each other; publish to a \
             store that does, or say with --sole-publisher that nobody else publishes there",
        ))
    }

    async fn published(&self) -> Result<Option<Standing>, CallsError> {
        let found = match self.store.get(&self.path(PUBLISHED)).await {
            Err(Error::NotFound { source, path }) => {
                let error = Error::NotFound { source, path };
                return if innermost(&error).contains("NoSuchBucket") {
                    Err(self.trouble(&error))
                } else {
                    Ok(None)
                };
            }
            found => found.map_err(|error| self.trouble(&error))?,
        };
        let version = UpdateVersion {
            e_tag: found.meta.e_tag.clone(),
            version: found.meta.version.clone(),
        };
        let bytes = tokio::time::timeout(SILENCE, found.bytes()).await;
        let bytes = bytes.map_err(|_| fault(&self.url, super::SILENT))?;
        Ok(Some(Standing {
            bytes: bytes.map_err(|error| self.trouble(&error))?,
            version: Some(version),
        }))
    }

    async fn publish(
        &self,
        bytes: Bytes,
        seen: Option<&Standing>,
        how: Replacing,
    ) -> Result<(), CallsError> {
        let mode = match (how, seen) {
            (Replacing::Alone, _) => {
                let now = self.published().await?;
                if now.map(|now| now.bytes) != seen.map(|seen| seen.bytes.clone()) {
                    return Err(lost(&self.url));
                }
                PutMode::Overwrite
            }
            (Replacing::IfAsSeen, None) => PutMode::Create,
            (Replacing::IfAsSeen, Some(seen)) => {
                let version = seen.version.clone().filter(|known| known.e_tag.is_some());
                PutMode::Update(version.ok_or_else(|| fault(&self.url, super::NO_ETAG))?)
            }
        };
        let Err(error) = self.put_if(PUBLISHED, bytes.clone(), mode).await else {
            return Ok(());
        };
        // It may have come in though its answer was lost.
        match self.published().await? {
            Some(now) if now.bytes == bytes => Ok(()),
            _ if matches!(
                error,
                Error::AlreadyExists { .. } | Error::Precondition { .. }
            ) =>
            {
                Err(lost(&self.url))
            }
            _ => Err(self.trouble(&error)),
        }
    }

    async fn list(&self) -> Result<BTreeMap<String, u64>, CallsError> {
        let prefix = (!self.prefix.is_empty()).then(|| Path::from(self.prefix.as_str()));
        let found: BoxStream<'_, _> = self.store.list(prefix.as_ref());
        let named = found.map_err(|error| self.trouble(&error)).map_ok(|meta| {
            let path: &str = meta.location.as_ref();
            let place = path.strip_prefix(&self.prefix).unwrap_or(path);
            (place.to_owned(), meta.size)
        });
        named.try_collect().await
    }

    async fn put(&self, place: &str, source: &mut (dyn Read + Send)) -> Result<(), CallsError> {
        let unread = |error: io::Error| {
            let what = format!("{place} cannot be read on this disk ({error}); check the disk");
            fault(&self.url, what)
        };
        let path = self.path(place);
        let mut part = fill(source, PART).map_err(unread)?;
        if part.len() < PART {
            let put = self.store.put(&path, part.into()).await;
            return put.map(|_| ()).map_err(|error| self.trouble(&error));
        }
        let upload = self.store.put_multipart(&path).await;
        let upload = upload.map_err(|error| self.trouble(&error))?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
        while !part.is_empty() {
            let next = match upload.wait_for_capacity(PARTS_AT_ONCE).await {
                Ok(()) => {
                    upload.put(part.into());
                    fill(source, PART).map_err(unread)
                }
                Err(error) => Err(self.trouble(&error)),
            };
            match next {
                Ok(next) => part = next,
                Err(error) => {
                    // What was sent of it is of no use; where this fails, too, the store's own rule for such uploads does it.
                    let _ = upload.abort().await;
                    return Err(error);
                }
            }
        }
        let ended = upload.finish().await;
        ended.map(|_| ()).map_err(|error| self.trouble(&error))
    }

    async fn get(&self, place: &str) -> Result<Pieces, CallsError> {
        let found = self.store.get(&self.path(place)).await;
        let pieces = found.map_err(|error| self.trouble(&error))?.into_stream();
        let url = self.url.clone();
        let next = move |mut pieces: BoxStream<'static, Result<Bytes, Error>>| {
            let url = url.clone();
            async move {
                match tokio::time::timeout(SILENCE, pieces.next()).await {
                    Ok(None) => None,
                    Ok(Some(piece)) => Some((piece.map_err(|e| trouble(&url, &e)), pieces)),
                    Err(_) => Some((Err(fault(&url, super::SILENT)), stream::empty().boxed())),
                }
            }
        };
        Ok(stream::unfold(pieces, next).boxed())
    }

    async fn delete(&self, place: &str) -> Result<(), CallsError> {
        match self.store.delete(&self.path(place)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.trouble(&error)),
        }
    }
}
