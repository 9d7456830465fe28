select case when substr(source, 1, length($2)) = $2 then 1 else 0 end as in_house, max(newest_us) as newest_us
from acd_calls
where newest_us >= $1
group by 1
order by 1
