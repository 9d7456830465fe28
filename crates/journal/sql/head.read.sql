select position
from journal_head
where only_row = 1
