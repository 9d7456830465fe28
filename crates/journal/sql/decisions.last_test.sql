select call_id, at_us, node, table_hash, line, chunk, rule, bucket, pi_bp, arm, reason, targets, caller_hash, dialled, is_test
from decisions
where caller_hash = $1 and at_us > $2 and dialled = $3 and is_test <> 0
order by at_us desc, call_id
limit 1
