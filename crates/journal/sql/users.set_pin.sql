update users
set pin_hash = $2
where name = $1
