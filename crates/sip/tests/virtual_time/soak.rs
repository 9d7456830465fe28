//! Case 15, the soak in small: many calls of every fate on a bad network, every one accounted for.

#[path = "../../examples/soak_sip/peers.rs"]
mod peers;
#[path = "../../examples/soak_sip/world.rs"]
mod world;

use world::{Account, Weather, World};

fn weather() -> Weather {
    Weather {
        calls: 50_000,
        calls_per_s: 2_000,
        seed: 20_261_126,
        lost_permille: 50,
        doubled_permille: 30,
        late_permille: 5,
        centre_restarts_s: 0,
        router_dies_s: 0,
    }
}

#[track_caller]
fn all_accounted_for(account: Account, calls: usize) {
    let whole = account.answered + account.refused + account.cancelled + account.on_a_dead_node;
    assert_eq!(whole, calls, "{account:?}");
    let wrong = (
        account.unaccounted,
        account.answered_twice,
        account.ghosts,
        account.told_wrongly,
        account.live,
    );
    assert_eq!(wrong, (0, 0, 0, 0, 0), "{account:?}");
}

#[test]
fn case_15_fifty_thousand_calls_on_a_bad_network_are_all_accounted_for() {
    let account = World::new(weather()).run();
    all_accounted_for(account, 50_000);
    assert_eq!(account.on_a_dead_node, 0, "nobody died");
    assert!(
        account.answered > 30_000 && account.cancelled > 500,
        "{account:?}"
    );
}

#[test]
fn case_15_centres_restart_and_the_router_dies_and_only_calls_in_setup_there_are_lost() {
    let calls = 20_000;
    let account = World::new(Weather {
        calls,
        calls_per_s: 500,
        centre_restarts_s: 10,
        router_dies_s: 17,
        ..weather()
    })
    .run();
    all_accounted_for(account, calls);
    assert!(account.on_a_dead_node < calls / 4, "{account:?}");
}
