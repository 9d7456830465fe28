//! Why scripts could not be run at all; a step that does not do what it says is no error but a verdict.

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why scripts could not be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A script cannot be read: file, line and what would be understood.
    #[error("{0}")]
    BadInput(String),
    /// The disk or the database failed.
    #[error("{0}")]
    Unavailable(Source),
    /// A defect of Segue.
    #[error("{0}")]
    Internal(Source),
}

impl Error {
    pub(crate) fn unavailable(error: impl Into<Source>) -> Self {
        Self::Unavailable(error.into())
    }

    pub(crate) fn internal(error: impl Into<Source>) -> Self {
        Self::Internal(error.into())
    }

    pub(crate) fn no_directory(error: &std::io::Error) -> Self {
        let path = std::env::temp_dir();
        Self::unavailable(format!(
            "no directory can be made in `{}` ({error}); name one you may write in TMPDIR",
            path.display()
        ))
    }
}
