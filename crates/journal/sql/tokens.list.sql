select t.user_name, t.label, t.scope, t.site, t.created_us, t.expires_us, t.used_us, u.side
from tokens t
join users u on u.name = t.user_name
order by t.user_name, t.label, t.created_us
limit $1
