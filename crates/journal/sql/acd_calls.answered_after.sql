select d.call_id, a.answered_us - coalesce(a.queued_us, a.offered_us, a.answered_us) as wait_us
from decisions d
join acd_calls a on a.call_id = d.call_id
where d.at_us > $1 and a.answered_us > $1 and d.chunk = $2 and d.arm = 'in_house'
  and substr(a.source, 1, length($3)) = $3
order by a.answered_us, d.call_id
limit 1
