//! The board of the example that is somebody's own.

use segue_web::BoardView;

pub(crate) fn my_test_calls() -> BoardView {
    let row = |cell: &str, placed: &str| {
        let row = [
            "2027-04-14",
            "MSG",
            cell,
            "+18005550142",
            "M-03",
            "Leave a message",
            placed,
        ];
        row.map(str::to_owned).to_vec()
    };
    BoardView {
        title: "My test calls".into(),
        columns: ["due", "chunk", "cell", "dial", "card", "you want", "placed"]
            .map(str::to_owned)
            .to_vec(),
        rows: vec![
            row("message × night", "not yet"),
            row("message × day", "yes"),
        ],
        notes: Vec::new(),
    }
}
