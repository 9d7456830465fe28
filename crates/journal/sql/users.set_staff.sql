update users
set staff = $2
where name = $1
