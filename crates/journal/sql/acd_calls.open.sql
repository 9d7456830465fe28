select d.chunk,
  case when substr(a.source, 1, length($2)) = $2 then 1 else 0 end as in_house,
  count(a.answered_us) as talking,
  count(*) - count(a.answered_us) as waiting,
  min(case when a.answered_us is null then coalesce(a.queued_us, a.offered_us) end) as oldest_us
from acd_calls a
join decisions d on d.call_id = a.call_id
where a.newest_us >= $1 and a.abandoned_us is null and a.ended_us is null
group by 1, 2
order by 1, 2
limit $3
