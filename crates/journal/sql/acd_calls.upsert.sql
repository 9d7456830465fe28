insert into acd_calls
  (source, source_call_id, call_id, caller_hash, dialled,
   offered_us, queued_us, answered_us, abandoned_us, ended_us, newest_us,
   language, age_band)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (source, source_call_id) do update set
  call_id      = coalesce(acd_calls.call_id, excluded.call_id),
  caller_hash  = coalesce(acd_calls.caller_hash, excluded.caller_hash),
  dialled      = coalesce(acd_calls.dialled, excluded.dialled),
  language     = coalesce(excluded.language, acd_calls.language),
  age_band     = coalesce(excluded.age_band, acd_calls.age_band),
  offered_us   = coalesce(case when excluded.offered_us < acd_calls.offered_us then excluded.offered_us end, acd_calls.offered_us, excluded.offered_us),
  queued_us    = coalesce(case when excluded.queued_us < acd_calls.queued_us then excluded.queued_us end, acd_calls.queued_us, excluded.queued_us),
  answered_us  = coalesce(case when excluded.answered_us < acd_calls.answered_us then excluded.answered_us end, acd_calls.answered_us, excluded.answered_us),
  abandoned_us = coalesce(case when excluded.abandoned_us < acd_calls.abandoned_us then excluded.abandoned_us end, acd_calls.abandoned_us, excluded.abandoned_us),
  ended_us     = coalesce(case when excluded.ended_us > acd_calls.ended_us then excluded.ended_us end, acd_calls.ended_us, excluded.ended_us),
  newest_us    = case when excluded.newest_us > acd_calls.newest_us then excluded.newest_us else acd_calls.newest_us end
