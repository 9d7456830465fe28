select version, hash
from events
where stream = $1
order by version desc
limit 1
