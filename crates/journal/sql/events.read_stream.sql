select position, stream, version, kind, schema, body, actor, cause, command_id, recorded_at, previous_hash, hash
from events
where stream = $1 and version > $2
order by version
limit $3
