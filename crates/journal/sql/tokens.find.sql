select t.user_name, t.label, t.scope, t.site, t.created_us as made_us, t.expires_us, t.used_us, u.side, u.roles, u.public_key, u.pin_hash, u.created_us,
  u.totp_since_us, u.valid_us, u.staff, u.sso_subject
from tokens t
join users u on u.name = t.user_name
where t.hash = $1
