-- Cases open at one side: who waits for a callback reaches the people who promised it. Callers appear as keyed hashes only.
create table open_cases (
  source       text   collate "C" not null,
  case_id      text   collate "C" not null,
  caller_hash  text   collate "C",
  dialled      text,
  until_us     bigint,
  closed_us    bigint,
  newest_us    bigint not null,
  primary key (source, case_id)
);
create index open_cases_by_end on open_cases (until_us);

-- Calls that Segue placed itself to try the path: nobody's outcome.
alter table decisions add column is_test bigint not null default 0;
