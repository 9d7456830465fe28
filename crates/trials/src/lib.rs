//! A small SIP user agent with audio, queueing centres and test calls.
