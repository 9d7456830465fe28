update users
set totp_secret = $3
where name = $1 and totp_secret = $2
