update users
set totp_secret = null, totp_since_us = null, totp_step = 0, valid_us = $2
where name = $1 and totp_secret is not null
