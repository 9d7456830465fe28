-- People and their keys to the door. A side table: whatever is here can be deleted, nothing of it is in the journal.
create table users (
  name          text   collate "C" not null primary key,
  side          text   not null check (side in ('client', 'outsourcer')),
  roles         text   not null,
  public_key    text,
  password_hash text   not null,
  pin_hash      text,
  created_us    bigint not null
);

create table tokens (
  hash       text   collate "C" not null primary key,
  user_name  text   collate "C" not null references users (name) on delete cascade,
  label      text   not null,
  scope      text   not null,
  created_us bigint not null,
  expires_us bigint
);

-- Failed attempts, by what is being slowed down: a person, a source, or a known pair of both.
create table attempts (
  kind       text   collate "C" not null check (kind in ('person', 'source', 'pair')),
  subject    text   collate "C" not null,
  failures   bigint not null,
  last_us    bigint not null,
  primary key (kind, subject)
);
create index attempts_by_time on attempts (last_us);

-- From where a person has come in before: an attacker elsewhere cannot slow that person down there.
create table arrivals (
  user_name text   collate "C" not null references users (name) on delete cascade,
  source    text   collate "C" not null,
  last_us   bigint not null,
  primary key (user_name, source)
);
