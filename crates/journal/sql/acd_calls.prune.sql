delete from acd_calls
where (source, source_call_id) in
  (select source, source_call_id from acd_calls where newest_us < $1 order by newest_us limit $2)
