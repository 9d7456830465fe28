select line, caller_hash, at_us, arm
from (
  select line, caller_hash, at_us, arm,
    row_number() over (partition by line, caller_hash order by at_us desc, call_id) as place
  from decisions
  where at_us >= $1 and caller_hash is not null and (line, caller_hash) > ($2, $3)
) newest_first
where place = 1
order by line, caller_hash
limit $4
