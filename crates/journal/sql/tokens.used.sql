update tokens
set used_us = $2
where hash = $1 and (used_us is null or used_us < $3)
