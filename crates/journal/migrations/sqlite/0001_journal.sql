-- The journal: facts in the order they were acknowledged, one hash chain per stream.
-- Applied files are never edited; a change is a new file.
create table events (
  position      integer not null primary key check (position > 0),
  stream        text    not null,
  version       integer not null check (version > 0),
  kind          text    not null,
  schema        integer not null,
  body          text    not null,
  actor         text    not null,
  cause         text    not null,
  command_id    text    not null,
  recorded_at   text    not null,
  previous_hash blob    not null check (length(previous_hash) = 32),
  hash          blob    not null check (length(hash) = 32),
  unique (stream, version)
) strict;

-- A repeated command id answers with what the first one recorded.
create table commands (
  id             text    not null primary key,
  stream         text    not null,
  first_position integer not null,
  position       integer not null,
  version        integer not null
) strict;

-- Exactly one row: taking numbers here, inside the append's transaction, keeps positions gapless.
create table journal_head (
  only_row integer not null primary key check (only_row = 1),
  position integer not null check (position >= 0)
) strict;
insert into journal_head (only_row, position) values (1, 0);

-- A guard against our own mistakes; against anyone else there is the hash chain.
create trigger events_are_never_changed before update on events
begin
  select raise(abort, 'the journal is append-only');
end;
create trigger events_are_never_deleted before delete on events
begin
  select raise(abort, 'the journal is append-only');
end;
