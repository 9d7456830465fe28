delete from decisions
where call_id in (select call_id from decisions where at_us < $1 order by at_us limit $2)
