select cast(coalesce(sum(decisions), 0) as bigint) as decisions
from missing_decisions
where quarter_us >= $1 and quarter_us < $2
