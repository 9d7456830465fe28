update users
set totp_secret = $2, totp_step = 0
where name = $1 and totp_since_us is null
