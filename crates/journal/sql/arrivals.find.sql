select last_us
from arrivals
where user_name = $1 and source = $2
