insert into decisions
  (call_id, at_us, node, table_hash, line, chunk, rule, bucket, pi_bp, arm, reason, targets, caller_hash, dialled, is_test)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
on conflict (call_id) do update set targets = excluded.targets
