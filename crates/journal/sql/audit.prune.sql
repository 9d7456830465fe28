delete from audit
where at_us < $1
