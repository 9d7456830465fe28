-- Call facts: volume, not decisions. Callers appear as keyed hashes only. Instants are UTC microseconds.
create table decisions (
  call_id      text   collate "C" not null primary key,
  at_us        bigint not null,
  node         text   not null,
  table_hash   text   not null,
  line         text   collate "C" not null,
  chunk        text   collate "C",
  rule         text   collate "C" not null,
  bucket       bigint,
  pi_bp        bigint not null check (pi_bp between 0 and 10000),
  arm          text   collate "C" not null,
  reason       text   not null,
  targets      text   not null,
  caller_hash  text   collate "C",
  dialled      text   not null
);
create index decisions_by_time on decisions (at_us);
create index decisions_by_caller on decisions (caller_hash, at_us);

create table acd_events (
  source         text   collate "C" not null,
  source_call_id text   collate "C" not null,
  kind           text   collate "C" not null,
  at_us          bigint not null,
  primary key (source, source_call_id, kind, at_us)
);
create index acd_events_by_time on acd_events (at_us);

create table acd_calls (
  source         text   collate "C" not null,
  source_call_id text   collate "C" not null,
  call_id        text   collate "C",
  caller_hash    text   collate "C",
  dialled        text,
  offered_us     bigint,
  queued_us      bigint,
  answered_us    bigint,
  abandoned_us   bigint,
  ended_us       bigint,
  newest_us      bigint not null,
  primary key (source, source_call_id)
);
create index acd_calls_by_call on acd_calls (call_id);
create index acd_calls_by_time on acd_calls (newest_us);
