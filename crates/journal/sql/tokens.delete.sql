delete from tokens
where user_name = $1 and label = $2
