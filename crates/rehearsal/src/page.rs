//! The printable report: one HTML file that needs nothing beside itself.
