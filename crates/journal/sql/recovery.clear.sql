delete from recovery_codes
where user_name = $1
