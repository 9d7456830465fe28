insert into users (name, side, roles, public_key, password_hash, pin_hash, created_us)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (name) do nothing
