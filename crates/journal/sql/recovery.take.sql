delete from recovery_codes
where user_name = $1 and hash = $2
