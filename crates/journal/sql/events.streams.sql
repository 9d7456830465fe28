select e.stream, e.version, e.position, e.hash
from events e
join (select stream, max(version) as version from events group by stream) newest
  on newest.stream = e.stream and newest.version = e.version
order by e.stream
limit $1
