//! The layout of a store in a database, and its migrations.
//!
//! All tables are in the schema `chatgpt_oauth`. Its table `store` has one row: the kind and
//! the identity of the store, the number of [`STEPS`] that were applied, and the least number
//! of steps that a program must know to use it.

use sqlx::{Acquire, PgConnection, Row};

use crate::{StoreError, StoreKind};

/// The migrations from a database without a store to the current layout. A released step never
/// changes; a new layout is a new step.
const STEPS: [&str; 3] = [
    // Values are random bytes, which nothing compresses; a row has room for its next version
    // on the same page.
    r#"CREATE TABLE chatgpt_oauth.record (
        profile text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        version bigint NOT NULL,
        value bytea,
        PRIMARY KEY (profile, key)
    ) WITH (fillfactor = 80);
    ALTER TABLE chatgpt_oauth.record ALTER COLUMN value SET STORAGE EXTERNAL;
    CREATE SEQUENCE chatgpt_oauth.version CACHE 1;
    CREATE TABLE chatgpt_oauth.aside (
        profile text NOT NULL,
        key text NOT NULL,
        version bigint NOT NULL,
        value bytea NOT NULL,
        since bigint NOT NULL
    );
    CREATE TABLE chatgpt_oauth.entry (
        collection text COLLATE "C" NOT NULL,
        owner text COLLATE "C" NOT NULL,
        id text COLLATE "C" NOT NULL,
        version bigint NOT NULL,
        value bytea NOT NULL,
        PRIMARY KEY (collection, id)
    ) WITH (fillfactor = 80);
    CREATE INDEX entry_of_owner ON chatgpt_oauth.entry (collection, owner, id)"#,
    SCHEDULE,
    HISTORY,
];

/// The step that adds the schedule of the servers, in Unix seconds.
const SCHEDULE: &str = r#"CREATE TABLE chatgpt_oauth.due (
        profile text COLLATE "C" PRIMARY KEY,
        at bigint NOT NULL
    );
    CREATE INDEX due_at ON chatgpt_oauth.due (at);
    CREATE TABLE chatgpt_oauth.pause (what text PRIMARY KEY, until bigint NOT NULL)"#;

/// The step that adds where the server stands in its log, and whether it may lack writes.
const HISTORY: &str = "ALTER TABLE chatgpt_oauth.store
    ADD system bigint,
    ADD database bigint,
    ADD timeline integer,
    ADD flushed bigint,
    ADD synchronous boolean,
    ADD failover boolean NOT NULL DEFAULT false,
    ADD accepted_at timestamptz";

/// The least number of steps that a program must know to use this layout.
const READABLE_FROM: i32 = 3;
const CURRENT: i32 = STEPS.len() as i32;

/// Chosen at random; held while a migration runs.
pub(super) const MIGRATION_LOCK: i64 = 0x4347_4f00_5f91_2c4e;

/// The outcome of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The number of steps that the store had before; 0 without a store.
    pub from: u32,
    /// The number of steps that it has now.
    pub to: u32,
}

/// What the table `store` says.
struct Description {
    kind: String,
    identity: String,
    layout: i32,
    readable_from: i32,
}

/// The identity of a store that this program can use.
pub(super) async fn describe(
    connection: &mut PgConnection,
    wanted: StoreKind,
) -> Result<String, StoreError> {
    let found = read(connection).await?.ok_or(StoreError::NeedsMigration)?;
    found.check(wanted)?;
    match found.layout < CURRENT {
        true => Err(StoreError::NeedsMigration),
        false => Ok(found.identity),
    }
}

/// Creates missing tables and applies missing steps, in one transaction. Of several processes,
/// the first one does it.
pub(super) async fn migrate(
    connection: &mut PgConnection,
    kind: StoreKind,
) -> Result<Migrated, StoreError> {
    let mut transaction = connection.begin().await?;
    // A step may take long in a large store, and another process waits for its end.
    let patience = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0";
    sqlx::raw_sql(patience).execute(&mut *transaction).await?;
    let lock = "SELECT pg_advisory_xact_lock($1)";
    let lock = sqlx::query(lock).bind(MIGRATION_LOCK);
    lock.execute(&mut *transaction).await?;
    // Writers wait behind a step that waits for a lock, so a step gives up soon.
    let patience = "SET LOCAL lock_timeout = '3s'";
    sqlx::raw_sql(patience).execute(&mut *transaction).await?;
    let made = match read(&mut transaction).await? {
        Some(found) => {
            found.check(kind)?;
            found.layout
        }
        None => {
            create(&mut transaction, kind).await?;
            0
        }
    };
    for step in STEPS.iter().skip(usize::try_from(made).unwrap_or(0)) {
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
    }
    if made < CURRENT {
        let update = "UPDATE chatgpt_oauth.store SET layout = $1, readable_from = $2";
        let update = sqlx::query(update).bind(CURRENT).bind(READABLE_FROM);
        update.execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(Migrated {
        from: made.unsigned_abs(),
        to: made.max(CURRENT).unsigned_abs(),
    })
}

/// The table `store`, with an identity of 122 random bits.
async fn create(connection: &mut PgConnection, kind: StoreKind) -> Result<(), StoreError> {
    const TABLE: &str = "CREATE SCHEMA IF NOT EXISTS chatgpt_oauth;
        CREATE TABLE chatgpt_oauth.store (
            one boolean PRIMARY KEY DEFAULT true CHECK (one),
            kind text NOT NULL,
            identity text NOT NULL,
            layout integer NOT NULL,
            readable_from integer NOT NULL
        )";
    sqlx::raw_sql(TABLE).execute(&mut *connection).await?;
    let insert = "INSERT INTO chatgpt_oauth.store (kind, identity, layout, readable_from)
                  VALUES ($1, replace(gen_random_uuid()::text, '-', ''), 0, 0)";
    let insert = sqlx::query(insert).bind(kind.to_string());
    insert.execute(connection).await?;
    Ok(())
}

async fn read(connection: &mut PgConnection) -> Result<Option<Description>, StoreError> {
    let exists = "SELECT to_regclass('chatgpt_oauth.store') IS NOT NULL";
    let exists = sqlx::query(exists).fetch_one(&mut *connection).await?;
    if !exists.try_get::<bool, _>(0)? {
        return Ok(None);
    }
    let row = "SELECT kind, identity, layout, readable_from FROM chatgpt_oauth.store";
    let row = sqlx::query(row).fetch_optional(connection).await?;
    let row = row.ok_or(StoreError::Damaged)?;
    Ok(Some(Description {
        kind: row.try_get(0)?,
        identity: row.try_get(1)?,
        layout: row.try_get(2)?,
        readable_from: row.try_get(3)?,
    }))
}

impl Description {
    /// Checks that the store has this kind and that this program knows enough steps.
    fn check(&self, wanted: StoreKind) -> Result<(), StoreError> {
        let kinds = [StoreKind::OpenAi, StoreKind::Test];
        let found = kinds.into_iter().find(|kind| kind.to_string() == self.kind);
        let found = found.ok_or(StoreError::Damaged)?;
        if found != wanted {
            return Err(StoreError::WrongKind { found, wanted });
        }
        match self.readable_from > CURRENT {
            true => Err(StoreError::Newer),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(kind: &str, layout: i32, readable_from: i32) -> Description {
        Description {
            kind: kind.into(),
            identity: String::new(),
            layout,
            readable_from,
        }
    }

    #[test]
    fn a_newer_layout_is_used_while_it_says_so() {
        let check = |found: Description| found.check(StoreKind::OpenAi);
        assert_eq!(check(description("openai", CURRENT, READABLE_FROM)), Ok(()));
        assert_eq!(check(description("openai", CURRENT + 1, CURRENT)), Ok(()));
        let newer = description("openai", CURRENT + 1, CURRENT + 1);
        assert_eq!(check(newer), Err(StoreError::Newer));
    }

    #[test]
    fn a_store_of_the_other_kind_or_of_none_is_not_used() {
        let check = |kind: &str| description(kind, CURRENT, 1).check(StoreKind::OpenAi);
        let wrong = check("test");
        assert!(
            matches!(wrong, Err(StoreError::WrongKind { .. })),
            "{wrong:?}"
        );
        assert_eq!(check("something"), Err(StoreError::Damaged));
    }
}
