//! The server on real loopback sockets.

#[cfg(test)]
mod loopback;
