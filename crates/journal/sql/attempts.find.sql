select failures, last_us
from attempts
where kind = $1 and subject = $2
