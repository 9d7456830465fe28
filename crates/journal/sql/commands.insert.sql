insert into commands (id, stream, first_position, position, version)
values ($1, $2, $3, $4, $5)
