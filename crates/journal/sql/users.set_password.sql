update users
set password_hash = $2
where name = $1
