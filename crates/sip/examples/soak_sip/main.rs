//! The soak: a million calls through the production core on virtual time and a bad network, every one
//! accounted for. `make soak-sip`; arguments: CALLS SEED. Ends with 1 if anything is unaccounted for.

mod peers;
mod world;

use std::error::Error;
use std::io::Write;
use world::{Weather, World};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let calls = words.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let seed = words.next().map_or(Ok(1), |text| text.parse())?;
    let weather = Weather {
        calls,
        calls_per_s: 2_000,
        seed,
        lost_permille: 50,
        doubled_permille: 30,
        late_permille: 5,
        centre_restarts_s: 60,
        router_dies_s: 120,
    };
    let account = World::new(weather).run();
    writeln!(std::io::stdout(), "{weather:?}\n{account:#?}")?;
    let wrong = account.unaccounted
        + account.answered_twice
        + account.ghosts
        + account.told_wrongly
        + account.live as usize;
    std::process::exit(i32::from(wrong > 0));
}
