select at_us, who, act, about, side
from audit
where at_us >= $1 and ($2 = '' or who = $2) and ($3 = '' or about = $3)
order by at_us desc, who, act, about
limit $4
