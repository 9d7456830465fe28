select name, side, roles, public_key, password_hash, pin_hash, created_us, totp_secret, totp_since_us, valid_us, staff, sso_subject
from users
order by name
limit $1
