delete from attempts
where kind = $1 and subject = $2
