insert into recovery_codes (user_name, hash)
values ($1, $2)
