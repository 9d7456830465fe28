update users
set totp_step = $3
where name = $1 and totp_secret = $2 and totp_step < $3
