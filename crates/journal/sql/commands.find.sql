select stream, first_position, position, version
from commands
where id = $1
