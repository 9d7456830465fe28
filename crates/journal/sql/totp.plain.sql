select name, totp_secret
from users
where totp_secret is not null and totp_secret not like 'sealed1.%'
