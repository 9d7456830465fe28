insert into events
  (position, stream, version, kind, schema, body, actor, cause, command_id, recorded_at, previous_hash, hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
