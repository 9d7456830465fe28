//! The printed runbook: what remains when this product is down, as one page that needs nothing else (A30, A31).

use askama::Template;

/// Everything on the paper. Renders to one self-contained HTML document.
#[derive(Clone, Debug, Template)]
#[template(path = "runbook.html")]
pub struct Runbook {
    /// What people call the transition.
    pub transition: String,
    /// The client's name.
    pub client: String,
    /// The outsourcer's name.
    pub outsourcer: String,
    /// When it was made, as people read it.
    pub made_at: String,
    /// Until when this paper is good.
    pub good_until: String,
    /// The journal's position it was made from.
    pub position: u64,
    /// Whether the data are an example.
    pub example: bool,
    /// The data directory on the server, as commands are given it.
    pub data: String,
    /// Where the pages are, if known.
    pub pages: Option<String>,
    /// Telephone numbers by hand: lines of the client's own contact file; empty lines to write on without it.
    pub contacts: Vec<String>,
    /// One section for each chunk.
    pub chunks: Vec<RunbookChunk>,
}

impl Runbook {
    /// The whole document.
    pub fn to_html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}

/// One chunk's way home.
#[derive(Clone, Debug)]
pub struct RunbookChunk {
    /// Its name.
    pub id: String,
    /// Its state and share in words.
    pub standing: String,
    /// Its numbers.
    pub numbers: Vec<RunbookNumber>,
    /// What changes the route, and within how many seconds it must work; absent without a plan.
    pub mechanism: Option<String>,
    /// Who decides and whom to turn to, by party and role.
    pub roles: Vec<String>,
    /// What is done, in order.
    pub steps: Vec<String>,
    /// In-house people who are called in, in order, by pseudonym.
    pub call_in: Vec<String>,
    /// What callers hear meanwhile.
    pub overload_message: String,
    /// The last drill in words.
    pub drilled: String,
}

/// One number callers dial, and how its calls get home without this product.
#[derive(Clone, Debug)]
pub struct RunbookNumber {
    /// The number.
    pub number: String,
    /// The line's name.
    pub line: String,
    /// Where its calls belong: the in-house queue.
    pub in_house: Vec<String>,
    /// Tried last.
    pub last_resort: Vec<String>,
    /// Reaches a nurse.
    pub escalation: Vec<String>,
    /// The way back that was prepared with the last order to a carrier, cloud or PBX, with its ticket.
    pub by_hand: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number() -> RunbookNumber {
        RunbookNumber {
            number: "+1 800 555 0142".into(),
            line: "RVS <Main>".into(),
            in_house: vec!["sip:7001@10.0.0.2".into()],
            last_resort: vec!["sip:oncall@10.0.0.4".into()],
            escalation: vec!["7900".into()],
            by_hand: vec!["Read this to the RespOrg".into()],
        }
    }

    #[test]
    fn the_paper_needs_nothing_else_and_hides_nothing() {
        let chunk = RunbookChunk {
            id: "RVS-Main/MSG".into(),
            standing: "live at 40 %".into(),
            numbers: vec![number()],
            mechanism: Some("API, within 60 s".into()),
            roles: vec!["Riverside: duty (decides)".into()],
            steps: vec!["Press".into()],
            call_in: vec!["RN-01".into()],
            overload_message: "Please wait & stay on the line".into(),
            drilled: "last drilled 6 days ago, 41 s".into(),
        };
        let mut runbook = Runbook {
            transition: "Riverside".into(),
            client: "Riverside Health".into(),
            outsourcer: "CareBridge".into(),
            made_at: "2026-11-27 03:00 UTC".into(),
            good_until: "2026-12-04".into(),
            position: 17,
            example: true,
            data: "/srv/riverside".into(),
            pages: Some("http://10.0.0.1:8080".into()),
            contacts: Vec::new(),
            chunks: vec![chunk],
        };
        let html = runbook.to_html().expect("a document");
        for needed in [
            "http://10.0.0.1:8080/duty",
            "segue --data /srv/riverside --as YOUR-NAME fallback --scope all",
            "Read this to the RespOrg",
            "RVS &#60;Main&#62;",
            "Please wait &#38; stay on the line",
            "API, within 60 s",
            "RN-01",
            "911 and 988 are never forwarded",
            "Write them here",
        ] {
            assert!(html.contains(needed), "{needed} in {html}");
        }
        // Nothing that must be loaded from anywhere.
        for foreign in ["<script", "<link", "src=", "@import", "url("] {
            assert!(!html.contains(foreign), "{foreign} in {html}");
        }
        runbook.contacts = vec!["Duty manager: 555-0100".into()];
        runbook.chunks.clear();
        let html = runbook.to_html().expect("a document");
        assert!(html.contains("555-0100") && !html.contains("Write them here"));
    }
}
