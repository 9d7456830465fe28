select call_id, at_us, node, table_hash, line, chunk, rule, bucket, pi_bp, arm, reason, targets, caller_hash, dialled, is_test
from decisions
where (at_us, call_id) > ($1, $2)
order by at_us, call_id
limit $3
