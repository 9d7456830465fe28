select
  d.line,
  d.arm,
  count(*) as decided,
  count(a.call_id) as matched,
  count(a.answered_us) as answered,
  count(case when a.answered_us is null then a.abandoned_us end) as abandoned,
  cast(coalesce(sum(case when a.answered_us is not null then a.answered_us - coalesce(a.queued_us, a.offered_us, a.answered_us) end), 0) as bigint) as answered_wait_us
from decisions d
left join (
  select call_id, min(offered_us) as offered_us, min(queued_us) as queued_us,
    min(answered_us) as answered_us, max(abandoned_us) as abandoned_us
  from acd_calls
  where call_id is not null
  group by call_id
) a on a.call_id = d.call_id
where d.at_us >= $1 and d.at_us < $2
group by d.line, d.arm
order by d.line, d.arm
