update users
set password_hash = $2, valid_us = $3
where name = $1
