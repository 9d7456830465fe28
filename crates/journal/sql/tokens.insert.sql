insert into tokens (hash, user_name, label, scope, site, created_us, expires_us)
values ($1, $2, $3, $4, $5, $6, $7)
