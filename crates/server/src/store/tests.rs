//! Both dialects mean the same: every statement is prepared on both databases, and the two
//! schemas are compared.

use std::collections::BTreeMap;

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
