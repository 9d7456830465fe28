-- The journal: facts in the order they were acknowledged, one hash chain per stream.
-- Applied files are never edited; a change is a new file. Text sorts by its bytes, as in SQLite.
create table events (
  position      bigint not null primary key check (position > 0),
  stream        text   collate "C" not null,
  version       bigint not null check (version > 0),
  kind          text   not null,
  schema        bigint not null,
  body          text   not null,
  actor         text   not null,
  cause         text   not null,
  command_id    text   not null,
  recorded_at   text   not null,
  previous_hash bytea  not null check (length(previous_hash) = 32),
  hash          bytea  not null check (length(hash) = 32),
  unique (stream, version)
);

-- A repeated command id answers with what the first one recorded.
create table commands (
  id             text   collate "C" not null primary key,
  stream         text   collate "C" not null,
  first_position bigint not null,
  position       bigint not null,
  version        bigint not null
);

-- Exactly one row: taking numbers here, inside the append's transaction, keeps positions gapless.
create table journal_head (
  only_row integer not null primary key check (only_row = 1),
  position bigint  not null check (position >= 0)
);
insert into journal_head (only_row, position) values (1, 0);

-- A guard against our own mistakes; against anyone else there is the hash chain.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the journal is append-only';
end $$;
create trigger events_are_never_changed before update or delete on events
  for each row execute function refuse_change();
create trigger events_are_never_emptied before truncate on events
  for each statement execute function refuse_change();
