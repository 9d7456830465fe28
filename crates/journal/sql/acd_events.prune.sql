delete from acd_events
where (source, source_call_id, kind, at_us) in
  (select source, source_call_id, kind, at_us from acd_events where at_us < $1 order by at_us limit $2)
