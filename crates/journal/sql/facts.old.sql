select (select count(*) from decisions where at_us < $1),
       (select count(*) from acd_events where at_us < $1),
       (select count(*) from acd_calls where newest_us < $1),
       (select count(*) from open_cases where newest_us < $1)
