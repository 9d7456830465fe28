insert into acd_events (source, source_call_id, kind, at_us)
values ($1, $2, $3, $4)
on conflict do nothing
