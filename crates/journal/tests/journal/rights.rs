//! The right table of the trade (§4.3) through the desk: every command, every role, both parties.

use crate::desk_story::{Story, stream};
use segue_domain::{Actor, Code, Command, Role, Side, rights};
use segue_journal::{Desk, DeskError, SqlJournal};

/// One instance of each command, as the domain's tests keep them.
const SAMPLES: &str = include_str!("../../../domain/tests/commands.jsonl");

#[tokio::test]
async fn the_desk_turns_away_whoever_the_table_does_not_admit_and_records_the_attempt() {
    let directory = tempfile::tempdir().unwrap();
    let journal = SqlJournal::open(&directory.path().join("journal.db")).await;
    let desk = Desk::new(journal.unwrap());
    let mut story = Story::new(&desk);
    story.create().await;
    let before = desk.state(&stream("RVS")).await.unwrap();
    let mut refused = 0;
    for (number, line) in SAMPLES.lines().enumerate() {
        let command: Command = serde_json::from_str(line).unwrap();
        let rule = rights::of(&command);
        for (role, side) in Role::ALL
            .into_iter()
            .flat_map(|r| Side::BOTH.map(|s| (r, s)))
        {
            let actor = Actor::new("pat", side, &[role]);
            let request = story.request(
                &format!("{number}-{side}-{role:?}"),
                &actor,
                command.clone(),
            );
            if rule.carried_by(role, side) {
                // Whatever else stands in the way, it is not the role.
                if let Err(DeskError::Refused(refusal)) = desk.preview(&request).await {
                    let table = refusal.missing.iter().any(|m| m.contains(" who may "));
                    assert!(
                        !table,
                        "{}: {role:?} of the {side}: {refusal}",
                        command.name()
                    );
                }
                continue;
            }
            let answer = desk.execute(&request).await;
            let Err(DeskError::Refused(refusal)) = answer else {
                panic!("{}: {role:?} of the {side}: {answer:?}", command.name());
            };
            assert_eq!(refusal.code, Code::NotAuthorised, "{}", command.name());
            // A role of a party, or nobody: what the program alone says.
            let who = refusal.who.as_str();
            assert!(
                who.contains(" of ") || who == "the program itself",
                "{refusal}"
            );
            refused += 1;
        }
    }
    assert!(refused > 1_000, "{refused}");
    let after = desk.state(&stream("RVS")).await.unwrap();
    // The same person trying the same within a minute is one attempt, by whichever role.
    assert!(after.refused > before.refused && after.refused <= before.refused + refused);
    let mut unchanged = segue_domain::Transition::clone(&after);
    (unchanged.refused, unchanged.version) = (before.refused, before.version);
    assert_eq!(unchanged, *before);
}
