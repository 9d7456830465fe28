delete from arrivals
where user_name = $1 and source in
  (select source from arrivals where user_name = $1 order by last_us desc limit 1000 offset $2)
