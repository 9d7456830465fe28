-- The second factor: a secret shared with the person's own device, and the newest step whose code was taken.
alter table users add column totp_secret text;
alter table users add column totp_since_us bigint;
alter table users add column totp_step bigint not null default 0;
-- Whoever came in before this instant comes in anew: the password was changed, or sessions were ended.
alter table users add column valid_us bigint not null default 0;

create table recovery_codes (
  user_name text collate "C" not null references users (name) on delete cascade,
  hash      text collate "C" not null,
  primary key (user_name, hash)
);

-- A token may be one site's; when it last opened a door.
alter table tokens add column site text;
alter table tokens add column used_us bigint;

-- Who looked at which record, and who changed who may come in. To the second; the same again within it is one line.
create table audit (
  at_us bigint not null,
  who   text   collate "C" not null,
  act   text   collate "C" not null,
  about text   collate "C" not null,
  side  text   not null,
  primary key (at_us, who, act, about)
);
create index audit_by_about on audit (about, at_us);

-- Which pseudonym of the in-house roster the account's own person is known by: here and nowhere else.
alter table users add column staff text collate "C";
create unique index users_by_staff on users (staff);
