update users
set valid_us = $2
where name = $1
