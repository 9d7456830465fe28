//! The server on real loopback sockets.

#[cfg(test)]
mod loopback;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod streams;
