//! Every statement of the accounts; a test prepares each on every database.

pub(crate) const USERS_INSERT: &str = include_str!("../../sql/users.insert.sql");
pub(crate) const USERS_FIND: &str = include_str!("../../sql/users.find.sql");
pub(crate) const USERS_LIST: &str = include_str!("../../sql/users.list.sql");
pub(crate) const USERS_DELETE: &str = include_str!("../../sql/users.delete.sql");
pub(crate) const USERS_SET_PASSWORD: &str = include_str!("../../sql/users.set_password.sql");
pub(crate) const USERS_SET_PIN: &str = include_str!("../../sql/users.set_pin.sql");
pub(crate) const TOKENS_INSERT: &str = include_str!("../../sql/tokens.insert.sql");
pub(crate) const TOKENS_FIND: &str = include_str!("../../sql/tokens.find.sql");
pub(crate) const TOKENS_DELETE: &str = include_str!("../../sql/tokens.delete.sql");
pub(crate) const ATTEMPTS_FIND: &str = include_str!("../../sql/attempts.find.sql");
pub(crate) const ATTEMPTS_FAIL: &str = include_str!("../../sql/attempts.fail.sql");
pub(crate) const ATTEMPTS_CLEAR: &str = include_str!("../../sql/attempts.clear.sql");
pub(crate) const ATTEMPTS_REFUND: &str = include_str!("../../sql/attempts.refund.sql");
pub(crate) const ATTEMPTS_PRUNE: &str = include_str!("../../sql/attempts.prune.sql");
pub(crate) const ATTEMPTS_SHED: &str = include_str!("../../sql/attempts.shed.sql");
pub(crate) const ARRIVALS_UPSERT: &str = include_str!("../../sql/arrivals.upsert.sql");
pub(crate) const ARRIVALS_FIND: &str = include_str!("../../sql/arrivals.find.sql");
pub(crate) const ARRIVALS_LIST: &str = include_str!("../../sql/arrivals.list.sql");
pub(crate) const ARRIVALS_SHED: &str = include_str!("../../sql/arrivals.shed.sql");
pub(crate) const USERS_SET_ROLES: &str = include_str!("../../sql/users.set_roles.sql");
pub(crate) const USERS_SET_STAFF: &str = include_str!("../../sql/users.set_staff.sql");
pub(crate) const USERS_FIND_BY_IDENTITY: &str =
    include_str!("../../sql/users.find_by_identity.sql");
pub(crate) const USERS_SET_IDENTITY: &str = include_str!("../../sql/users.set_identity.sql");
pub(crate) const USERS_END_ENTRIES: &str = include_str!("../../sql/users.end_entries.sql");
pub(crate) const TOTP_BEGIN: &str = include_str!("../../sql/totp.begin.sql");
pub(crate) const TOTP_CONFIRM: &str = include_str!("../../sql/totp.confirm.sql");
pub(crate) const TOTP_TAKE: &str = include_str!("../../sql/totp.take.sql");
pub(crate) const TOTP_CLEAR: &str = include_str!("../../sql/totp.clear.sql");
pub(crate) const TOTP_PLAIN: &str = include_str!("../../sql/totp.plain.sql");
pub(crate) const TOTP_SEAL: &str = include_str!("../../sql/totp.seal.sql");
pub(crate) const RECOVERY_INSERT: &str = include_str!("../../sql/recovery.insert.sql");
pub(crate) const RECOVERY_TAKE: &str = include_str!("../../sql/recovery.take.sql");
pub(crate) const RECOVERY_CLEAR: &str = include_str!("../../sql/recovery.clear.sql");
pub(crate) const RECOVERY_COUNT: &str = include_str!("../../sql/recovery.count.sql");
pub(crate) const TOKENS_LIST: &str = include_str!("../../sql/tokens.list.sql");
pub(crate) const TOKENS_USED: &str = include_str!("../../sql/tokens.used.sql");
pub(crate) const AUDIT_INSERT: &str = include_str!("../../sql/audit.insert.sql");
pub(crate) const AUDIT_LIST: &str = include_str!("../../sql/audit.list.sql");
pub(crate) const AUDIT_PRUNE: &str = include_str!("../../sql/audit.prune.sql");

#[cfg(test)]
pub(crate) const ALL: [&str; 39] = [
    TOTP_PLAIN,
    TOTP_SEAL,
    USERS_FIND_BY_IDENTITY,
    USERS_SET_IDENTITY,
    USERS_SET_ROLES,
    USERS_SET_STAFF,
    USERS_END_ENTRIES,
    TOTP_BEGIN,
    TOTP_CONFIRM,
    TOTP_TAKE,
    TOTP_CLEAR,
    RECOVERY_INSERT,
    RECOVERY_TAKE,
    RECOVERY_CLEAR,
    RECOVERY_COUNT,
    TOKENS_LIST,
    TOKENS_USED,
    AUDIT_INSERT,
    AUDIT_LIST,
    AUDIT_PRUNE,
    USERS_INSERT,
    USERS_FIND,
    USERS_LIST,
    USERS_DELETE,
    USERS_SET_PASSWORD,
    USERS_SET_PIN,
    TOKENS_INSERT,
    TOKENS_FIND,
    TOKENS_DELETE,
    ATTEMPTS_FIND,
    ATTEMPTS_FAIL,
    ATTEMPTS_CLEAR,
    ATTEMPTS_REFUND,
    ATTEMPTS_PRUNE,
    ATTEMPTS_SHED,
    ARRIVALS_UPSERT,
    ARRIVALS_FIND,
    ARRIVALS_LIST,
    ARRIVALS_SHED,
];
