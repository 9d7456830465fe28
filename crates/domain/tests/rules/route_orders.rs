//! Orders for places that cannot ask: no further than agreed, on a ticket, and red until they are proved (§3.2, A22).

use crate::fixture::{duty, manager, nurse};
use crate::support::{Story, fallback};
use segue_domain::boards;
use segue_domain::gates;
use segue_domain::route_orders::{
    PlaceRouteOrder, RouteCheck, RouteCheckKind, RouteMechanism, VerifyRouteOrder,
};
use segue_domain::share::ShareInput;
use segue_domain::windows::ShiftWindow;
use segue_domain::{Code, Side};

const MSG: &str = "RVS-Main/MSG";

fn order(percent: u8) -> PlaceRouteOrder {
    PlaceRouteOrder {
        chunk: MSG.into(),
        number: "+18005550142".into(),
        mechanism: RouteMechanism::TollFreeCpr,
        out: "6095550199".into(),
        home: "6095550110".into(),
        share_percent: ShareInput::percent(percent),
        windows: Vec::new(),
        start: "NOW".into(),
        zone: "America/New_York".into(),
        ticket: "CHG0041234".into(),
        answered: "done, says the RespOrg's desk".into(),
    }
}

fn check(kind: RouteCheckKind, holds: bool) -> RouteCheck {
    RouteCheck {
        kind,
        holds,
        said: "two of two calls answered where they should be".into(),
    }
}

fn seen(order: &str, checks: Vec<RouteCheck>) -> VerifyRouteOrder {
    VerifyRouteOrder {
        order: order.into(),
        checks,
        reference: "trials/order-abc.json".into(),
    }
}

fn proved(order: &str) -> VerifyRouteOrder {
    use RouteCheckKind::{Arrivals, TestCall};
    seen(order, vec![check(TestCall, true), check(Arrivals, true)])
}

fn live() -> Story {
    let mut story = Story::agreed();
    story.goes_live(MSG, 20);
    story
}

fn red(story: &Story) -> Vec<String> {
    let found = gates::red(&story.t, &MSG.into(), story.now);
    found
        .into_iter()
        .filter(|f| f.contains("order RO-"))
        .collect()
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = live();
    story.does(&manager(Side::Client), order(20));
    story.does(&nurse(), proved("RO-1"));
    story
}

#[test]
fn an_order_goes_no_further_than_both_have_agreed() {
    let mut story = live();
    let by = manager(Side::Client);
    story.when(&by, order(21)).refuses(
        Code::StepNotInPlan,
        "agreed for RVS-Main/MSG is 20 %, ordered are 21 %",
    );
    let mut nights = order(20);
    nights.windows = vec![ShiftWindow::new("daily 19:00-07:00", "America/New_York")];
    story.when(&by, nights).refuses(
        Code::StepNotInPlan,
        "the hours of RVS-Main/MSG as both signed them",
    );
    story.when(&by, order(20)).records(&["route_order_placed"]);
    story.does(&duty(Side::Client), fallback("all"));
    story
        .when(&by, order(20))
        .refuses(Code::StepNotInPlan, "is 0 %");
}

#[test]
fn the_way_home_is_ordered_by_one_person_of_either_party() {
    let story = live();
    for side in Side::BOTH {
        story
            .when(&duty(side), order(0))
            .records(&["route_order_placed"]);
        story
            .when(&duty(side), order(20))
            .refuses(Code::NotAuthorised, "");
    }
}

#[test]
fn an_order_is_red_until_every_proof_of_its_mechanism_holds() {
    let mut story = live();
    story.does(&manager(Side::Client), order(20));
    let named = "technology: order RO-1 (toll-free CPR, 20 %, ticket CHG0041234)";
    assert_eq!(
        red(&story),
        [format!("{named} is not proved (`segue route verify`)")]
    );
    story.does(
        &nurse(),
        seen("RO-1", vec![check(RouteCheckKind::TestCall, true)]),
    );
    assert_eq!(
        red(&story),
        [format!("{named} does not hold: not every proof is there")],
        "a record that draws each call is not proved by test calls alone"
    );
    let mut off = proved("RO-1");
    off.checks[1] = RouteCheck {
        holds: false,
        said: "300 of 1,000 went out".into(),
        ..off.checks[1].clone()
    };
    story.does(&nurse(), off);
    assert_eq!(
        red(&story),
        [format!(
            "{named} does not hold: arrivals: 300 of 1,000 went out"
        )]
    );
    story.does(&nurse(), proved("RO-1"));
    assert_eq!(red(&story), [""; 0]);
}

#[test]
fn after_a_fallback_the_order_out_is_red_until_the_way_home_is_ordered_and_proved() {
    let mut story = history();
    story.does(&duty(Side::Client), fallback("all"));
    let found = red(&story).join("");
    assert!(
        found.contains("sends out more than the 0 % in force"),
        "{found}"
    );
    story.does(&duty(Side::Outsourcer), order(0));
    assert!(
        red(&story)[0].contains("RO-2"),
        "the last order of a number counts"
    );
    story.does(&nurse(), proved("RO-2"));
    assert_eq!(red(&story), [""; 0]);
}

/// An order with a carrier stands when another is placed in a PBX: each place is told the way home by itself.
#[test]
fn an_order_ends_none_of_another_mechanism() {
    let mut story = history();
    story.does(&duty(Side::Client), fallback("all"));
    let pbx = PlaceRouteOrder {
        mechanism: RouteMechanism::PbxRouting,
        ..order(0)
    };
    story.does(&duty(Side::Outsourcer), pbx);
    story.does(&nurse(), proved("RO-2"));
    let found = red(&story);
    assert!(
        found.len() == 1 && found[0].contains("order RO-1 (toll-free CPR, 20 %"),
        "{found:?}"
    );
}

/// Both sign other hours later: the order goes on in the old ones until it is placed anew.
#[test]
fn an_order_in_other_hours_than_signed_is_red() {
    let mut story = history();
    assert_eq!(red(&story), [""; 0]);
    let chunk = story.t.chunks.get_mut(&MSG.into()).unwrap();
    chunk.planned.windows = vec![ShiftWindow::new("daily 19:00-07:00", "America/New_York")];
    let found = red(&story);
    assert!(
        found.len() == 1 && found[0].contains("sends out in other hours than both signed"),
        "{found:?}"
    );
    story.does(&duty(Side::Client), order(0));
    story.does(&nurse(), proved("RO-2"));
    assert_eq!(red(&story), [""; 0], "the way home has no hours");
}

#[test]
fn the_same_order_told_again_changes_nothing_and_another_ticket_is_another_order() {
    let mut story = history();
    let by = manager(Side::Client);
    story.when(&by, order(20)).changes_nothing();
    let again = PlaceRouteOrder {
        ticket: "CHG0041299".into(),
        ..order(20)
    };
    story.does(&by, again);
    assert!(red(&story)[0].contains("RO-2"), "and wants its own proof");
}

#[test]
fn what_is_no_order_is_refused() {
    let story = live();
    let by = manager(Side::Client);
    for (change, code, names) in [
        (
            (|o: &mut PlaceRouteOrder| o.number = "+16095550000".into())
                as fn(&mut PlaceRouteOrder),
            Code::Unknown,
            "+16095550000",
        ),
        (|o| o.out = "911".into(), Code::EmergencyTarget, "911"),
        (|o| o.home = "+988".into(), Code::EmergencyTarget, "+988"),
        (|o| o.zone = "Eastern".into(), Code::BadFact, "Eastern"),
        (
            |o| o.ticket = "609-555-0123".into(),
            Code::CallerData,
            "telephone",
        ),
        (|o| o.ticket = " ".into(), Code::BadFact, "ticket"),
        (|o| o.answered = String::new(), Code::BadFact, "answered"),
        (
            |o| o.answered = "ask for MRN 0048213".into(),
            Code::CallerData,
            "answered",
        ),
    ] {
        let mut order = order(20);
        change(&mut order);
        story.when(&by, order).refuses(code, names);
    }
    story
        .when(&by, proved("RO-9"))
        .refuses(Code::Unknown, "RO-9");
    let mut placed = story;
    placed.does(&by, order(20));
    placed
        .when(&by, seen("RO-1", Vec::new()))
        .refuses(Code::BadFact, "one check");
}

#[test]
fn the_board_shows_the_last_order_of_each_number() {
    let story = history();
    let board = boards::draw(&story.t, "route-orders", &nurse(), story.now).unwrap();
    let row = board.rows[0].join(" | ");
    for shown in [
        "RVS-Main/MSG",
        "+18005550142",
        "RO-1",
        "20 %",
        "always",
        "CHG0041234",
        "holds",
    ] {
        assert!(row.contains(shown), "{shown}: {row}");
    }
}

#[test]
fn the_newest_order_on_a_number_is_that_of_its_mechanism_and_chunk() {
    use RouteMechanism::{PbxRouting, SipTrunk, TollFreeCpr};
    let mut story = live();
    let by = manager(Side::Client);
    story.does(&by, order(20));
    story.minutes_pass(1);
    story.does(&by, order(10));
    story.minutes_pass(1);
    let mut pbx = order(20);
    pbx.mechanism = RouteMechanism::PbxRouting;
    story.does(&by, pbx);
    let orders = &story.t.route_orders;
    let newest = |number: &str, mechanism, chunk: Option<&str>| {
        let chunk = chunk.map(Into::into);
        let found = orders.newest_on(number, mechanism, chunk.as_ref());
        found.map(|order| order.placed.order.to_string())
    };
    let (here, there) = ("+18005550142", "+18005550143");
    for (number, mechanism, chunk, expected) in [
        (here, TollFreeCpr, Some(MSG), Some("RO-2")),
        (here, TollFreeCpr, None, Some("RO-2")),
        (here, TollFreeCpr, Some("RVS-Main/APPT"), None),
        (here, PbxRouting, None, Some("RO-3")),
        (here, SipTrunk, None, None),
        (there, TollFreeCpr, Some(MSG), None),
        (there, PbxRouting, None, None),
    ] {
        assert_eq!(
            newest(number, mechanism, chunk).as_deref(),
            expected,
            "{number} {mechanism:?} {chunk:?}"
        );
    }
    let first = orders.get(&"RO-1".into()).unwrap();
    assert_eq!(first.placed.share.percent(), 20);
    assert!(orders.get(&"RO-9".into()).is_none());
}
