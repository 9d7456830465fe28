select source, caller_hash, dialled, until_us
from open_cases
where until_us > $1 and closed_us is null and caller_hash is not null and dialled is not null
order by until_us, source, case_id
limit $2
