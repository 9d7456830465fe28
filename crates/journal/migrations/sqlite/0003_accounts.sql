-- Whom a provider of single sign-on means by a subject: one account, tied by its own party's administrator.
alter table users add column sso_issuer text;
alter table users add column sso_subject text;
create unique index users_by_identity on users (sso_issuer, sso_subject);
