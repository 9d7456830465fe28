//! Call records on pages: whose they are, when the outsourcer may read them, and what is shown after an erasure.

use super::rig::Rig;
use crate::clock;
use segue_calls::erase::{What, begin};
use segue_calls::import::{ImportRequest, import};
use segue_calls::mapping::CheckedMapping;
use segue_calls::store::CallStore;
use segue_domain::caller::CallerKey;
use segue_web::week::WeekRequest;
use segue_web::{ActError, Console as _};
use std::fmt::Write as _;

/// Forty calls on each of two days.
fn import_two_days(rig: &Rig) -> CallStore {
    let mut log = "call_id,dialled,caller,language,agent,disposition,hold_s,wrap_s,queue,arrived,queued,answered,ended\n".to_owned();
    for day in 1..=2 {
        for minute in 10..50 {
            let at = format!("2027-03-0{day} 09:{minute}");
            let _ = writeln!(
                log,
                "C{day}{minute},RVS-Main-TFN,,en,agent-01,handled,0,5,MSG,{at}:00,{at}:05,{at}:25,{at}:50"
            );
        }
    }
    let file = rig.directory.path().join("log.csv");
    std::fs::write(&file, log).unwrap();
    let store = CallStore::new(rig.shared().data.path("calls"));
    let request = ImportRequest {
        files: &[file],
        mapping: &CheckedMapping::find("generic").unwrap(),
        source: "acd",
        key: &CallerKey::new(&[7; 32]),
        imported_at: clock::now(),
    };
    import(&store, request, &mut |_| {}).unwrap();
    store
}

/// The agreement is not filed: the client reads its own callers' records, the outsourcer waits.
#[tokio::test]
async fn the_outsourcer_reads_no_records_before_the_agreement() {
    let rig = Rig::new().await;
    import_two_days(&rig);
    let client = rig.sign_in("rvs-manager").await;
    let outsourcer = rig.sign_in("cb-manager").await;
    let discovery = |person| rig.console.discovery(person, 1);
    let week = |person| rig.console.week(person, WeekRequest::default());
    discovery(client.clone()).await.unwrap();
    week(client).await.unwrap().unwrap();
    let refused = [
        discovery(outsourcer.clone()).await.map(|_| ()),
        week(outsourcer).await.map(|_| ()),
    ];
    for refused in refused {
        let Err(ActError::Refused(refusal)) = refused else {
            panic!("not refused: {refused:?}");
        };
        assert_eq!(refusal.code, "NO_BAA");
    }
}

/// The histories are remembered, but not beyond an erasure.
#[tokio::test]
async fn what_is_erased_is_on_no_page_of_the_running_server() {
    let rig = Rig::new().await;
    let store = import_two_days(&rig);
    let client = rig.sign_in("rvs-manager").await;
    let calls = async || {
        let view = rig.console.discovery(client.clone(), 1).await.unwrap();
        let discovered: u64 = view.week.iter().filter_map(|day| day.total.known()).sum();
        let week = rig.console.week(client.clone(), WeekRequest::default());
        let week = week.await.unwrap().unwrap().calls.unwrap();
        (discovered, week.days)
    };
    assert_eq!(calls().await, (80, 2));
    assert_eq!(calls().await, (80, 2), "remembered");
    let key = CallerKey::new(&[7; 32]);
    let erasing = begin(&store, &key, What::Before(jiff::civil::date(2027, 3, 2))).unwrap();
    assert_eq!(erasing.carry_out(clock::now()).unwrap().records, 40);
    assert_eq!(calls().await, (40, 1));
}
