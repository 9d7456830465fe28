select min(source) as source, caller_hash, dialled, max(until_us) as until_us
from open_cases
where until_us > $1 and closed_us is null and caller_hash is not null and dialled is not null
  and substr(source, 1, length($2)) = $2
group by caller_hash, dialled
order by max(until_us), caller_hash, dialled
limit $3
