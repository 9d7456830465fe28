delete from attempts
where (kind, subject) in
  (select kind, subject from attempts order by last_us desc limit 1000 offset $1)
