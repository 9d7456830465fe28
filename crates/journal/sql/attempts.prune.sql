delete from attempts
where last_us < $1
