-- Decisions that were made and could not be stored, by quarter of an hour (UTC): who counts calls knows what is missing.
create table missing_decisions (
    quarter_us integer primary key,
    decisions integer not null
);
