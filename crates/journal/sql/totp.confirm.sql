update users
set totp_since_us = $2
where name = $1 and totp_secret = $3 and totp_since_us is null
