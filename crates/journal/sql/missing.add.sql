insert into missing_decisions (quarter_us, decisions) values ($1, $2)
on conflict (quarter_us) do update set decisions = missing_decisions.decisions + excluded.decisions
