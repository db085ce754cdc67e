//! Both dialects mean the same: every statement is prepared on both databases, and the two
//! schemas are compared.

use std::collections::BTreeMap;

use cloister_wire::Permissions;

use super::*;

/// Column name → (kind, may be null), by table.
type Schema = BTreeMap<String, BTreeMap<String, (String, bool)>>;

#[test]
fn every_statement_prepares_on_sqlite() {
    let connection = sqlite();
    for sql in statements() {
        if let Err(error) = connection.prepare(sql.sqlite) {
            panic!("{}: {error}", sql.name);
        }
    }
}

#[test]
fn every_statement_prepares_on_postgres() {
    let Some(mut client) = crate::testing::postgres_client() else {
        return;
    };
    for sql in statements() {
        if let Err(error) = client.prepare(sql.postgres) {
            panic!("{}: {}", sql.name, db::describe(&error));
        }
    }
}

#[test]
fn both_databases_have_the_same_schema() {
    let Some(mut client) = crate::testing::postgres_client() else {
        return;
    };
    let mut theirs = Schema::new();
    let rows = client
        .query(
            "SELECT table_name::text, column_name::text, data_type::text, is_nullable::text
             FROM information_schema.columns WHERE table_schema = current_schema()",
            &[],
        )
        .unwrap();
    for row in rows {
        let kind = match row.get::<_, String>(2).as_str() {
            "bigint" | "integer" => "INTEGER",
            "text" | "character varying" => "TEXT",
            "bytea" | "uuid" => "BLOB",
            other => panic!("{other} has no counterpart"),
        };
        theirs.entry(row.get(0)).or_default().insert(
            row.get(1),
            (kind.to_owned(), row.get::<_, String>(3) == "YES"),
        );
    }
    theirs.remove("refinery_schema_history");
    assert_eq!(sqlite_schema(), theirs);
}

/// What no path of the server writes, the schema refuses too.
#[test]
fn the_schema_takes_no_message_without_its_nonce_proof_or_place() {
    let connection = sqlite();
    connection
        .execute_batch("PRAGMA foreign_keys = OFF;")
        .unwrap();
    let insert = |seq: i64, session: &str, index: &str, ct: &str, c2: &str| {
        connection.execute(
            &format!(
                "INSERT INTO message (channel_id, seq, id, sender_user, sender_device, txn, at,
                     epoch, roster_hash, suite, class, group_session, group_index, ct, c2,
                     frank_tag, head)
                 VALUES (zeroblob(16), {seq}, randomblob(16), zeroblob(16), zeroblob(16),
                     randomblob(16), 1, 1, zeroblob(32), 1, 'message', {session}, {index}, {ct},
                     {c2}, zeroblob(36), zeroblob(32))"
            ),
            [],
        )
    };
    let (session, ct, c2) = ("zeroblob(32)", "zeroblob(16)", "zeroblob(32)");
    assert_eq!(insert(1, session, "0", ct, c2), Ok(1));
    for (session, index, ct, c2) in [
        (session, "NULL", ct, c2),
        ("NULL", "0", ct, c2),
        (session, "-1", ct, c2),
        ("zeroblob(31)", "0", ct, c2),
        (session, "0", "zeroblob(15)", c2),
        (session, "0", "NULL", c2),
        (session, "0", ct, "NULL"),
        (session, "0", ct, "zeroblob(33)"),
    ] {
        let refused = insert(2, session, index, ct, c2).unwrap_err();
        assert_eq!(
            refused.sqlite_error_code(),
            Some(rusqlite::ErrorCode::ConstraintViolation),
            "{session} {index} {ct} {c2}: {refused}"
        );
    }
    assert!(
        insert(1, session, "1", ct, c2).is_err(),
        "a place is taken once"
    );
}

/// Rights that @everyone may not hold, one by one, as the database writes them.
fn dangerous() -> impl Iterator<Item = i64> {
    let dangerous = Permissions::DANGEROUS.0;
    (0..64)
        .map(|bit| 1_u64 << bit)
        .filter(move |bit| dangerous & bit != 0)
        .map(u64::cast_signed)
}

/// A new guild, a guild that is changed, a new overwrite and a changed one; `id` makes sixteen
/// bytes. Each path with the harmless rights first.
fn paths_to_everyone(id: &str, rights: i64) -> [String; 4] {
    [
        format!(
            "INSERT INTO guild (id, kind, name, owner_id, everyone, access_version, member_count,
             created_at) VALUES ({id}, 'guild', 'x', {id}, {rights}, 1, 1, 1)"
        ),
        format!("UPDATE guild SET everyone = {rights}"),
        format!(
            "INSERT INTO overwrite (guild_id, place_id, place, subject, subject_id, allow, deny)
             VALUES ({id}, {id}, 'channel', 'everyone', {id}, {rights}, 0)"
        ),
        format!("UPDATE overwrite SET allow = {rights}"),
    ]
}

#[test]
fn sqlite_gives_everyone_no_dangerous_right_whoever_writes() {
    let connection = sqlite();
    connection
        .execute_batch("PRAGMA foreign_keys = OFF;")
        .unwrap();
    let harmless = Permissions::EVERYONE.0.cast_signed();
    for path in paths_to_everyone("randomblob(16)", harmless) {
        assert_eq!(connection.execute(&path, []), Ok(1), "{path}");
    }
    for rights in dangerous() {
        for path in paths_to_everyone("randomblob(16)", harmless | rights) {
            let refused = connection.execute(&path, []).unwrap_err();
            assert_eq!(
                refused.sqlite_error_code(),
                Some(rusqlite::ErrorCode::ConstraintViolation),
                "{path}"
            );
        }
    }
}

#[test]
fn postgres_gives_everyone_no_dangerous_right_whoever_writes() {
    let Some(mut client) = crate::testing::postgres_client() else {
        return;
    };
    client
        .batch_execute("SET session_replication_role = replica")
        .unwrap();
    let harmless = Permissions::EVERYONE.0.cast_signed();
    for path in paths_to_everyone("gen_random_uuid()", harmless) {
        assert_eq!(client.execute(&path, &[]).unwrap(), 1, "{path}");
    }
    for rights in dangerous() {
        for path in paths_to_everyone("gen_random_uuid()", harmless | rights) {
            let refused = client.execute(&path, &[]).unwrap_err();
            assert_eq!(
                refused.code(),
                Some(&postgres::error::SqlState::CHECK_VIOLATION),
                "{path}"
            );
        }
    }
}

fn sqlite() -> rusqlite::Connection {
    db::migrated_memory().unwrap()
}

fn sqlite_schema() -> Schema {
    let connection = sqlite();
    let mut statement = connection
        .prepare(
            "SELECT t.name, c.name, c.type, c.\"notnull\" FROM pragma_table_list AS t
             JOIN pragma_table_info(t.name) AS c
             WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
               AND t.name <> 'refinery_schema_history'",
        )
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut schema = Schema::new();
    while let Some(row) = rows.next().unwrap() {
        let nullable = row.get::<_, i64>(3).unwrap() == 0;
        schema
            .entry(row.get(0).unwrap())
            .or_default()
            .insert(row.get(1).unwrap(), (row.get(2).unwrap(), nullable));
    }
    schema
}
