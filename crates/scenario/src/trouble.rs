//! What was expected and what came: how a step says that it did not do what it says.

use crate::error::Error;

/// A step could not be carried out, or what came was not what was expected.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Expected, and what came.
    Wanting { expected: String, came: String },
    /// The machine failed; no verdict.
    Broken(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// What a step returns.
pub(crate) type Done = Result<(), Trouble>;

/// Expected, and what came.
pub(crate) fn wanting(expected: impl Into<String>, came: impl Into<String>) -> Trouble {
    Trouble::Wanting {
        expected: expected.into(),
        came: came.into(),
    }
}

/// Both texts are the same.
pub(crate) fn same(expected: impl AsRef<str>, came: impl AsRef<str>) -> Done {
    let (expected, came) = (expected.as_ref(), came.as_ref());
    holds(expected == came, expected, came)
}

/// One text is somewhere in the other.
pub(crate) fn contains(came: &str, expected: &str) -> Done {
    holds(came.contains(expected), expected, came)
}

/// It is so.
pub(crate) fn holds(so: bool, expected: impl Into<String>, came: impl Into<String>) -> Done {
    if so {
        Ok(())
    } else {
        Err(wanting(expected, came))
    }
}
