delete from open_cases
where caller_hash = $1
