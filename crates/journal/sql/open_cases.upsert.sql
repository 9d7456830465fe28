insert into open_cases (source, case_id, caller_hash, dialled, until_us, closed_us, newest_us)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (source, case_id) do update set
  caller_hash = coalesce(open_cases.caller_hash, excluded.caller_hash),
  dialled     = coalesce(open_cases.dialled, excluded.dialled),
  until_us    = coalesce(case when excluded.until_us > open_cases.until_us then excluded.until_us end, open_cases.until_us, excluded.until_us),
  closed_us   = coalesce(open_cases.closed_us, excluded.closed_us),
  newest_us   = case when excluded.newest_us > open_cases.newest_us then excluded.newest_us else open_cases.newest_us end
where (open_cases.closed_us is null and excluded.closed_us is not null)
   or (open_cases.until_us is null and excluded.until_us is not null)
   or excluded.until_us > open_cases.until_us
