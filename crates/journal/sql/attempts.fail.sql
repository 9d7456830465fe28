insert into attempts (kind, subject, failures, last_us)
values ($1, $2, 1, $3)
on conflict (kind, subject) do update set
  failures = case when attempts.last_us < $4 then 1 else attempts.failures + 1 end,
  last_us = excluded.last_us
