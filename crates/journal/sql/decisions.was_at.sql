select count(*)
from (select 1 from decisions where caller_hash = $1 and at_us > $2 and arm = $3 and dialled = $4 and rule <> $5 limit 1) as seen
