//! The example's telephones: an in-house and an outsourced centre, a last resort, an IVR in front, and callers.

use crate::data_dir::random_bytes;
use crate::demo::agreement::Addresses;
use crate::office::unavailable;
use crate::output::Failure;
use segue_trials::agent::{Agent, AgentSettings};
use segue_trials::callers::{CallerCounts, CallerSettings, CallerType, Callers};
use segue_trials::centre::{Centre, CentreSettings};
use segue_trials::feed::{Feed, FeedSettings, Publisher};
use segue_trials::floor::{FloorSettings, HandleTime, Pool};
use segue_trials::ivr::{Ivr, IvrSettings};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// One second of the demo stands for this many seconds of a call centre.
pub const ACCELERATION: f64 = 200.0;
/// Calls up at once; beyond it a caller is counted as not placed.
const CALLS_MAX: usize = 2_000;
/// Callers waiting in one queue; beyond it a call is turned away.
const QUEUE_CALLS_MAX: usize = 500;
/// Different callers: some call again.
const PEOPLE: u32 = 4_000;
/// Callers who withhold their number.
const ANONYMOUS_SHARE: f64 = 0.04;
/// How long the last ACD events may take to be posted.
const FEED_DRAIN: Duration = Duration::from_secs(5);
/// Variation of handle times. Wider, and a few accelerated calls would be over before a tone can be heard.
const HANDLE_CV: f64 = 0.5;

/// A call type of the fixture: weekly calls, handle time, patience, people on each side.
struct Work {
    option: &'static str,
    number: &'static str,
    call_type: &'static str,
    weekly_calls: f64,
    aht_s: f64,
    patience_s: f64,
    agents: u32,
}

/// `domain.md` §6: weekly volumes and handle times; people by Erlang for a flat week, one short, so that queues show.
const WORK: [Work; 4] = [
    Work {
        option: "1",
        number: "7001",
        call_type: "MSG",
        weekly_calls: 9_200.0,
        aht_s: 90.0,
        patience_s: 90.0,
        agents: 3,
    },
    Work {
        option: "2",
        number: "7002",
        call_type: "APPT",
        weekly_calls: 6_300.0,
        aht_s: 300.0,
        patience_s: 120.0,
        agents: 5,
    },
    Work {
        option: "3",
        number: "7003",
        call_type: "CONSULT",
        weekly_calls: 900.0,
        aht_s: 420.0,
        patience_s: 180.0,
        agents: 2,
    },
    Work {
        option: "4",
        number: "7004",
        call_type: "TRIAGE",
        weekly_calls: 2_000.0,
        aht_s: 660.0,
        patience_s: 240.0,
        agents: 4,
    },
];
/// The public number of RVS-Main.
const PUBLIC_NUMBER: &str = "+18005550142";

/// Both centres and the last resort, before anybody calls.
pub struct Centres {
    in_house: Centre,
    outsourced: Centre,
    last_resort: Centre,
    feeds: Vec<Feed>,
}

/// Everybody who calls, and the IVR they reach first.
pub struct Telephones {
    ivr: Ivr,
    callers: Callers,
    agent: Agent,
}

fn loopback(last: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0)
}

impl Centres {
    /// Opens the centres; each posts its ACD events to `feed_url` with its own party's token.
    pub async fn open(
        feed_url: &str,
        client_token: &str,
        outsourcer_token: &str,
        seed: u64,
    ) -> Result<Self, Failure> {
        let feed = |token: &str| {
            Feed::start(FeedSettings::new(feed_url, token)).map_err(|e| unavailable(&e))
        };
        let (client_events, client_feed) = feed(client_token)?;
        let (outsourcer_events, outsourcer_feed) = feed(outsourcer_token)?;
        let in_house = centre("in_house", 2, seed, client_events.clone()).await?;
        let outsourced = centre("outsourced", 3, seed + 1, outsourcer_events).await?;
        let last_resort = centre("last_resort", 4, seed + 2, client_events).await?;
        Ok(Self {
            in_house,
            outsourced,
            last_resort,
            feeds: vec![client_feed, outsourcer_feed],
        })
    }

    /// Where they listen.
    pub fn addresses(&self) -> Addresses {
        Addresses {
            in_house: self.in_house.local_addr(),
            outsourced: self.outsourced.local_addr(),
            last_resort: self.last_resort.local_addr(),
        }
    }

    /// Ends every call and posts the last events.
    pub async fn close(self) {
        self.in_house.stop().await;
        self.outsourced.stop().await;
        self.last_resort.stop().await;
        for feed in self.feeds {
            feed.finish(FEED_DRAIN).await;
        }
    }
}

async fn centre(name: &str, host: u8, seed: u64, events: Publisher) -> Result<Centre, Failure> {
    let settings = CentreSettings {
        name: name.to_owned(),
        // Event ids of two runs must never meet in one store.
        run: hex::encode(random_bytes::<6>()?),
        agent: AgentSettings {
            seed,
            ..AgentSettings::new(loopback(host), name)
        },
        floor: floor(seed),
        lines: WORK
            .iter()
            .map(|w| (w.number.to_owned(), w.call_type.to_owned()))
            .collect(),
        default_type: WORK[0].call_type.to_owned(),
        ring_ms: 0,
    };
    Centre::start(settings, events)
        .await
        .map_err(|e| unavailable(&e))
}

fn floor(seed: u64) -> FloorSettings {
    let pool = |w: &Work| Pool {
        name: w.call_type.to_owned(),
        call_types: vec![w.call_type.to_owned()],
        agents: w.agents,
    };
    let handle = |w: &Work| {
        (
            w.call_type.to_owned(),
            HandleTime {
                mean_s: w.aht_s,
                cv: HANDLE_CV,
            },
        )
    };
    FloorSettings {
        pools: WORK.iter().map(pool).collect(),
        handle_times: WORK.iter().map(handle).collect::<BTreeMap<_, _>>(),
        wrap_up_s: 5.0,
        queue_calls_max: QUEUE_CALLS_MAX,
        acceleration: ACCELERATION,
        seed,
    }
}

impl Telephones {
    /// Opens the IVR in front of these nodes and lets the callers begin.
    pub async fn open(segue: Vec<SocketAddr>, seed: u64) -> Result<Self, Failure> {
        let ivr = Ivr::start(IvrSettings {
            agent: AgentSettings {
                seed: seed + 10,
                ..AgentSettings::new(loopback(5), "ivr")
            },
            public_numbers: vec![PUBLIC_NUMBER.to_owned()],
            options: WORK
                .iter()
                .map(|w| (w.option.to_owned(), w.number.to_owned()))
                .collect(),
            segue,
        });
        let ivr = ivr.await.map_err(|e| unavailable(&e))?;
        let agent = Agent::bind(AgentSettings {
            seed: seed + 11,
            ..AgentSettings::new(loopback(1), "callers")
        });
        let agent = agent.await.map_err(|e| unavailable(&e))?;
        let types = WORK.iter().map(|w| CallerType {
            public_number: PUBLIC_NUMBER.to_owned(),
            option: w.option.to_owned(),
            weekly_calls: w.weekly_calls,
            patience_mean_s: w.patience_s,
        });
        let settings = CallerSettings {
            target: ivr.local_addr(),
            types: types.collect(),
            hour_weights: Vec::new(),
            start_hour: 34,
            acceleration: ACCELERATION,
            people: PEOPLE,
            anonymous_share: ANONYMOUS_SHARE,
            calls_max: CALLS_MAX,
            seed,
        };
        let callers = Callers::start(settings, agent.caller());
        Ok(Self {
            ivr,
            callers,
            agent,
        })
    }

    /// Places no further call, lets those under way end for up to `drain`, closes.
    pub async fn close(self, drain: Duration) -> CallerCounts {
        let counts = self.callers.stop(drain).await;
        self.ivr.stop().await;
        self.agent.stop().await;
        counts
    }
}
