select position, stream, version, kind, schema, body, actor, cause, command_id, recorded_at, previous_hash, hash
from events
where position > $1
order by position
limit $2
