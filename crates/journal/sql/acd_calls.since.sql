select source, source_call_id, call_id, caller_hash, dialled,
  offered_us, queued_us, answered_us, abandoned_us, ended_us, newest_us,
  language, age_band
from acd_calls
where (newest_us, source, source_call_id) > ($1, $2, $3)
order by newest_us, source, source_call_id
limit $4
