//! Sans-I/O SIP core, stateful proxy and redirect.
