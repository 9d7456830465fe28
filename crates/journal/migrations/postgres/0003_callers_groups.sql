-- The groups that a caller is in, where a centre tells them: compared, never used to route.
alter table acd_calls add column language text;
alter table acd_calls add column age_band text;
