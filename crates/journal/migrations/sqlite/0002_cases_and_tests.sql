-- Cases open at one side: who waits for a callback reaches the people who promised it. Callers appear as keyed hashes only.
create table open_cases (
  source       text    not null,
  case_id      text    not null,
  caller_hash  text,
  dialled      text,
  until_us     integer,
  closed_us    integer,
  newest_us    integer not null,
  primary key (source, case_id)
) strict, without rowid;
create index open_cases_by_end on open_cases (until_us);

-- Calls that Segue placed itself to try the path: nobody's outcome.
alter table decisions add column is_test integer not null default 0;
