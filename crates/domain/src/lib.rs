//! The transition: what happened, what is allowed, and why not.
