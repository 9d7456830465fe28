with records as (
  select
    case when substr(a.source, 1, length($3)) = $3 then 1 else 0 end as in_house,
    case when a.answered_us is not null then 1 else 0 end as is_answered,
    case when a.answered_us is null and a.abandoned_us is not null then 1 else 0 end as is_abandoned,
    coalesce(a.answered_us, a.abandoned_us) - coalesce(a.queued_us, a.offered_us) as wait_us
  from decisions d
  join acd_calls a on a.call_id = d.call_id
  where d.at_us >= $1 and d.at_us < $2
), ranked as (
  select in_house, is_answered, is_abandoned, wait_us,
    row_number() over (partition by in_house, is_answered order by wait_us) as place,
    count(*) over (partition by in_house, is_answered) as calls
  from records
)
select in_house, count(*) as offered, sum(is_answered) as answered, sum(is_abandoned) as abandoned,
  max(case when is_answered = 1 and place = (calls * 90 + 99) / 100 then wait_us end) as p90_us,
  max(wait_us) as longest_us
from ranked
group by in_house
order by in_house
