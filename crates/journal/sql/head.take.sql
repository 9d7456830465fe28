update journal_head
set position = position + $1
where only_row = 1
returning position
