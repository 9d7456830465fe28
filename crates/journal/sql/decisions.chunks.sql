select chunk, arm, rule, count(*) as calls
from decisions
where at_us >= $1 and at_us < $2
group by chunk, arm, rule
order by chunk, arm, rule
limit $3
