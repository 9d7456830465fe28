update attempts
set failures = failures - 1
where kind = $1 and subject = $2 and failures > 0
