//! A place that call records are published to: a bucket behind the S3 protocol, or a folder of a disk that machines share.

use super::folder::Folder;
use super::objects::Objects;
use super::s3;
use crate::error::CallsError;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::{ObjectStore, UpdateVersion};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// An object's bytes as they come.
pub(super) type Pieces = BoxStream<'static, Result<Bytes, CallsError>>;

/// The manifest object as it stood when it was read.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) bytes: Bytes,
    /// What the place tells states of it apart by.
    pub(super) version: Option<UpdateVersion>,
}

/// How the manifest object is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replacing {
    /// Only if it is still what was seen.
    IfAsSeen,
    /// Somebody vouches that nobody else publishes there.
    Alone,
}

/// What a place can do.
#[async_trait]
pub(super) trait Shelf: Send + Sync {
    /// The right to publish, where the place knows one; given back when dropped.
    fn turn(&self) -> Result<Option<File>, CallsError>;
    /// Whether it keeps the second of two publishers from overwriting the first.
    async fn require_conditions(&self) -> Result<(), CallsError>;
    /// The manifest object.
    async fn published(&self) -> Result<Option<Standing>, CallsError>;
    /// Replaces it.
    async fn publish(
        &self,
        bytes: Bytes,
        seen: Option<&Standing>,
        how: Replacing,
    ) -> Result<(), CallsError>;
    /// Every object with its length.
    async fn list(&self) -> Result<BTreeMap<String, u64>, CallsError>;
    /// Puts an object whole, or not at all.
    async fn put(&self, place: &str, source: &mut (dyn Read + Send)) -> Result<(), CallsError>;
    /// An object's bytes.
    async fn get(&self, place: &str) -> Result<Pieces, CallsError>;
    /// Deletes an object; one that is gone already is no fault.
    async fn delete(&self, place: &str) -> Result<(), CallsError>;
}

/// Where call records are published to.
#[derive(Clone)]
pub struct Place {
    url: String,
    pub(super) shelf: Arc<dyn Shelf>,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Place").field(&self.url).finish()
    }
}

impl Place {
    /// The place of a URL, `s3://BUCKET/PREFIX` or `file:///FOLDER`; `vars` are the environment's variables, of which those with `AWS_` say
    /// where a bucket is and with which credentials.
    ///
    /// # Errors
    /// It is no such URL, or the variables do not fit together.
    pub fn open(url: &str, vars: &BTreeMap<String, String>) -> Result<Self, CallsError> {
        if let Some(folder) = url.strip_prefix("file://") {
            if !folder.starts_with('/') {
                return Err(CallsError::Parameter(format!(
                    "{url} names no folder: write file:///FOLDER, with three slashes"
                )));
            }
            let folder = Folder::new(url, Path::new(folder));
            return Ok(Self::on(url, Arc::new(folder)));
        }
        let Some(rest) = url.strip_prefix("s3://") else {
            return Err(CallsError::Parameter(
                "records are published to s3://BUCKET/PREFIX or file:///FOLDER; write one of these"
                    .into(),
            ));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        Self::over(s3::open(url, bucket, vars)?, prefix, url)
    }

    /// A place in an object store at hand.
    ///
    /// # Errors
    /// The prefix cannot stand in an object's name.
    pub fn over(store: Arc<dyn ObjectStore>, prefix: &str, url: &str) -> Result<Self, CallsError> {
        let objects = Objects::new(store, prefix, url)?;
        Ok(Self::on(url, Arc::new(objects)))
    }

    fn on(url: &str, shelf: Arc<dyn Shelf>) -> Self {
        Self {
            url: url.to_owned(),
            shelf,
        }
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Something is wrong there.
    pub(super) fn fault(&self, what: impl Into<String>) -> CallsError {
        fault(&self.url, what)
    }
}

/// Something is wrong at a place.
pub(super) fn fault(url: &str, what: impl Into<String>) -> CallsError {
    CallsError::Published {
        url: url.to_owned(),
        what: what.into(),
    }
}

/// Somebody else was faster.
pub(super) fn lost(url: &str) -> CallsError {
    fault(
        url,
        "somebody else published there meanwhile; what they published stands, nothing of it was replaced: run it again",
    )
}

/// Nothing to wait for where somebody publishes already.
pub(super) fn busy(url: &str) -> CallsError {
    fault(
        url,
        "somebody else is publishing there; wait for them to end, then run it again",
    )
}
