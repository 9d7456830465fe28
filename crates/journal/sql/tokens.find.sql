select t.user_name, t.label, t.scope, t.expires_us, u.side, u.roles, u.public_key, u.pin_hash, u.created_us
from tokens t
join users u on u.name = t.user_name
where t.hash = $1
