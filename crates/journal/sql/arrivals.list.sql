select user_name, source
from arrivals
order by user_name, source
limit $1
