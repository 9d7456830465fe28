//! The rules of the transition, told as given / when / then on the example "Riverside Health" → "CareBridge".

mod fixture;
mod support;

mod golden;
mod main_path;
mod properties;
mod refusals;
mod regressions;
mod repeats;
