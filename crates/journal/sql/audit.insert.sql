insert into audit (at_us, who, act, about, side)
values ($1, $2, $3, $4, $5)
on conflict (at_us, who, act, about) do nothing
