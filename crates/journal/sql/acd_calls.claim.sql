update acd_calls set caller_hash = $1
where call_id in (select call_id from decisions where caller_hash = $1)
