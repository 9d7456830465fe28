select line, arm, count(*) as calls
from decisions
where at_us >= $1 and at_us < $2
group by line, arm
order by line, arm
