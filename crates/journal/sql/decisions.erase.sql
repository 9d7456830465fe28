delete from decisions
where caller_hash = $1
   or call_id in (select call_id from acd_calls where caller_hash = $1 and call_id is not null)
