select d.arm, count(*) as due,
  count(case when exists (select 1 from acd_calls a where a.call_id = d.call_id) then 1 end) as matched
from decisions d
where d.at_us >= $1 and d.at_us < $2
group by d.arm
order by d.arm
