update users
set sso_issuer = $2, sso_subject = $3, valid_us = $4
where name = $1
