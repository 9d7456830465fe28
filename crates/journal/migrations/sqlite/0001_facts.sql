-- Call facts: volume, not decisions. Callers appear as keyed hashes only. Instants are UTC microseconds.
create table decisions (
  call_id      text    not null primary key,
  at_us        integer not null,
  node         text    not null,
  table_hash   text    not null,
  line         text    not null,
  chunk        text,
  rule         text    not null,
  bucket       integer,
  pi_bp        integer not null check (pi_bp between 0 and 10000),
  arm          text    not null,
  reason       text    not null,
  targets      text    not null,
  caller_hash  text,
  dialled      text    not null
) strict;
create index decisions_by_time on decisions (at_us);
create index decisions_by_caller on decisions (caller_hash, at_us);

create table acd_events (
  source         text    not null,
  source_call_id text    not null,
  kind           text    not null,
  at_us          integer not null,
  primary key (source, source_call_id, kind, at_us)
) strict, without rowid;
create index acd_events_by_time on acd_events (at_us);

create table acd_calls (
  source         text    not null,
  source_call_id text    not null,
  call_id        text,
  caller_hash    text,
  dialled        text,
  offered_us     integer,
  queued_us      integer,
  answered_us    integer,
  abandoned_us   integer,
  ended_us       integer,
  newest_us      integer not null,
  primary key (source, source_call_id)
) strict, without rowid;
create index acd_calls_by_call on acd_calls (call_id);
create index acd_calls_by_time on acd_calls (newest_us);
