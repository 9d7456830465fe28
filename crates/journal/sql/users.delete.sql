delete from users
where name = $1
