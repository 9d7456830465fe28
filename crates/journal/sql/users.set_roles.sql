update users
set roles = $2
where name = $1
