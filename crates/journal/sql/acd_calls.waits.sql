with answered as (
  select d.chunk as chunk,
    case when substr(a.source, 1, length($3)) = $3 then 1 else 0 end as in_house,
    a.answered_us - coalesce(a.queued_us, a.offered_us, a.answered_us) as wait_us
  from acd_calls a
  join decisions d on d.call_id = a.call_id
  where a.newest_us >= $1 and a.answered_us >= $1 and a.answered_us < $2
), ranked as (
  select chunk, in_house, wait_us,
    row_number() over (partition by chunk, in_house order by wait_us) as place,
    count(*) over (partition by chunk, in_house) as calls
  from answered
)
select chunk, in_house, wait_us
from ranked
where place = (calls * 90 + 99) / 100
order by chunk, in_house
limit $4
