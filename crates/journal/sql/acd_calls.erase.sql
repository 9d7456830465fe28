delete from acd_calls
where caller_hash = $1
