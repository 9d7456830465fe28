delete from open_cases
where (source, case_id) in (select source, case_id from open_cases where newest_us < $1 order by newest_us limit $2)
