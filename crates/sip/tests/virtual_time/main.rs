//! The core on virtual time: packets and clock by hand, no socket.

#[cfg(test)]
mod edges;
#[cfg(test)]
mod fall_through;
#[cfg(test)]
mod full_table;
#[cfg(test)]
mod hardest_cases;
#[cfg(test)]
mod preserve;
#[cfg(test)]
mod sim;
#[cfg(test)]
mod soak;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod torture;
#[cfg(test)]
mod trunks;
