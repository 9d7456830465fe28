//! What people say about the outsourcer is what was seen there: forecasts carry the observed handle time and the agents of
//! the roster, acceptance the counts of the last step. Handle times are told as parts of the client's, as records and the
//! example's figures need not agree on seconds.

use super::Director;
use crate::evidence::Evidence;
use crate::people::needed;
use segue_domain::acceptance::OutcomeRecord;
use segue_domain::capacity::{Forecast, RecordForecast};
use segue_domain::ids::ChunkId;
use segue_domain::{Command, Role, Side as Party};
use segue_example::of;

impl Director<'_> {
    /// A command of the example's people with the figures of this rehearsal in place of the example's.
    pub(super) fn with_evidence(&mut self, command: Command, now_us: i64) -> Command {
        match command {
            Command::RecordForecast(mut asked) => {
                asked.forecast = self.forecast(&asked.chunk, asked.forecast);
                Command::RecordForecast(asked)
            }
            Command::ProposeAcceptance(mut asked) => {
                asked.outcome = self.outcome(&asked.chunk, asked.outcome);
                Command::ProposeAcceptance(asked)
            }
            Command::ProposeStep(asked) => {
                // Whoever asks for a step has looked at the handle time of that morning.
                if let Some(known) = self.t.forecasts.get(&asked.chunk) {
                    let again = RecordForecast {
                        chunk: asked.chunk.clone(),
                        forecast: self.forecast(&asked.chunk, known.forecast),
                        reference: known.reference.clone(),
                    };
                    let planner = of(Party::Outsourcer, Role::Implementation);
                    let _ = self.say(&planner, &again.into(), now_us);
                }
                Command::ProposeStep(asked)
            }
            other => other,
        }
    }

    /// What the outsourcer's calls of a chunk proved since its share changed last.
    fn of_chunk(&self, chunk: &ChunkId) -> Evidence {
        let own = |n: &usize| self.chunk_of[*n].as_ref() == Some(chunk);
        let routes = (0..self.evidence.len()).filter(own);
        routes.fold(Evidence::default(), |all, n| all.and(self.evidence[n]))
    }

    pub(super) fn note_share(&mut self, chunk: &ChunkId) {
        let before = self.of_chunk(chunk);
        self.before.insert(chunk.clone(), before);
    }

    fn forecast(&self, chunk: &ChunkId, planned: Forecast) -> Forecast {
        let assumed = &self.setting.assumptions;
        let busy = f64::from(planned.calls_per_hour) * f64::from(planned.aht_s) / 3_600.0;
        let seen = self
            .of_chunk(chunk)
            .since(self.before.get(chunk).copied().unwrap_or_default());
        Forecast {
            agents_ready: needed(
                busy * f64::from(assumed.staffed_for_percent) / 100.0,
                assumed,
            ),
            observed_calls: seen.handled,
            observed_aht_s: seen.aht_s(planned.aht_s),
            ..planned
        }
    }

    fn outcome(&self, chunk: &ChunkId, told: OutcomeRecord) -> OutcomeRecord {
        let seen = self
            .of_chunk(chunk)
            .since(self.before.get(chunk).copied().unwrap_or_default());
        let planned = self.t.chunk(chunk).map(|c| &c.planned);
        let baseline = planned.and_then(|p| self.t.baselines.of(&p.site, &p.call_type));
        let aht_s = baseline.map_or(0, |b| seen.aht_s(b.aht_s));
        if seen.offered == 0 {
            // Nobody called: the records hold nothing of this chunk, and the example's figures stand.
            return told;
        }
        OutcomeRecord {
            offered: seen.offered,
            answered_within: seen.answered_within,
            abandoned: seen.abandoned,
            answered: seen.answered,
            handle_s: seen.answered * u64::from(aht_s),
            ..told
        }
    }
}
