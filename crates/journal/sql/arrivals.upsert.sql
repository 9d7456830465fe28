insert into arrivals (user_name, source, last_us)
values ($1, $2, $3)
on conflict (user_name, source) do update set last_us = excluded.last_us
