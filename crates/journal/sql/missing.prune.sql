delete from missing_decisions
where quarter_us in (select quarter_us from missing_decisions where quarter_us < $1 order by quarter_us limit $2)
