select call_id, at_us, node, table_hash, line, chunk, rule, bucket, pi_bp, arm, reason, targets, caller_hash, dialled, is_test
from decisions
where call_id = $1
