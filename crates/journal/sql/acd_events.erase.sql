delete from acd_events
where (source, source_call_id) in (select source, source_call_id from acd_calls where caller_hash = $1)
