//! What goes into a statement and what comes out of a row, the same for both databases.
//!
//! Parameters are `Value`s (`params![user_id, now, "text"]`), columns are read through `FromCell`
//! (`row.get::<UserId>("id")?`). Ids are `BLOB(16)` in SQLite and `UUID` in PostgreSQL, bytes are
//! `BLOB` / `BYTEA`, times and numbers `INTEGER` / `BIGINT`.

use std::cell::OnceCell;

use bytes::BytesMut;
use cloister_wire::{
    AccountApplicationId, Bytes, CategoryId, ChannelId, DeviceId, EmojiId, GuildId, MailId,
    MessageId, Octets, Permissions, ReportId, RoleId, SecurityEventId, SessionId, Txn, UserId,
};
use postgres::types::{FromSql, IsNull, ToSql, Type};
use rusqlite::types::{ToSqlOutput, ValueRef};
use uuid::Uuid;

use super::Fault;

type BoxError = Box<dyn std::error::Error + Sync + Send>;

/// One parameter of a statement.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Id(Uuid),
}

/// `&[Value]` from anything that converts into a `Value`.
#[macro_export]
macro_rules! params {
    () => { &[] as &[$crate::store::db::Value<'_>] };
    ($($value:expr),+ $(,)?) => { &[$($crate::store::db::Value::from($value)),+] };
}

macro_rules! int_values {
    ($($int:ty = $into:expr),* $(,)?) => {$(
        impl From<$int> for Value<'_> {
            fn from(value: $int) -> Self {
                Self::Int($into(value))
            }
        }
        impl FromCell for $int {
            fn from_cell(cell: Cell<'_>) -> Result<Self, Mismatch> {
                match cell {
                    Cell::Int(value) => value.try_into().map_err(|_| Mismatch("a number in range")),
                    _ => Err(Mismatch("a number")),
                }
            }
        }
    )*};
}
int_values!(
    i64 = i64::from,
    i32 = i64::from,
    u32 = i64::from,
    u16 = i64::from,
    u8 = i64::from,
    u64 = |value| i64::try_from(value).unwrap_or(i64::MAX),
    usize = |value| i64::try_from(value).unwrap_or(i64::MAX),
);

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}
impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}
impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}
impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}
impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Self::Bytes(value)
    }
}
impl From<Uuid> for Value<'_> {
    fn from(value: Uuid) -> Self {
        Self::Id(value)
    }
}
impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
            Self::Id(value) => ValueRef::Blob(value.as_bytes()),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if *kind == Type::INT4 => i32::try_from(*value)?.to_sql(kind, out),
            Self::Int(value) if *kind == Type::INT2 => i16::try_from(*value)?.to_sql(kind, out),
            Self::Int(value) => value.to_sql(kind, out),
            Self::Text(value) => value.to_sql(kind, out),
            Self::Bytes(value) => value.to_sql(kind, out),
            Self::Id(value) => value.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        Cell::accepts(kind)
    }

    fn to_sql_checked(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        let fits = match self {
            Self::Null => true,
            Self::Int(_) => [Type::INT8, Type::INT4, Type::INT2].contains(kind),
            Self::Text(_) => [Type::TEXT, Type::VARCHAR, Type::UNKNOWN].contains(kind),
            Self::Bytes(_) => *kind == Type::BYTEA,
            Self::Id(_) => *kind == Type::UUID,
        };
        if !fits {
            return Err(format!("a parameter of the wrong kind for {kind}").into());
        }
        ToSql::to_sql(self, kind, out)
    }
}

/// One column of a row, before it becomes a type of the domain.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Id(Uuid),
}

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        Ok(match *kind {
            Type::INT8 => Self::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => Self::Int(i16::from_sql(kind, raw)?.into()),
            Type::BYTEA => Self::Bytes(raw),
            Type::UUID => Self::Id(Uuid::from_sql(kind, raw)?),
            _ => Self::Text(<&str>::from_sql(kind, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, BoxError> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::INT4, Type::INT2, Type::BYTEA, Type::UUID].contains(kind)
            || [Type::TEXT, Type::VARCHAR, Type::UNKNOWN].contains(kind)
    }
}

/// A column that does not hold what the code asks of it: a fault of ours, never of a caller.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the column is not {0}")]
pub struct Mismatch(pub &'static str);

/// A type that a column can be read as.
pub trait FromCell: Sized {
    fn from_cell(cell: Cell<'_>) -> Result<Self, Mismatch>;
}

impl FromCell for String {
    fn from_cell(cell: Cell<'_>) -> Result<Self, Mismatch> {
        match cell {
            Cell::Text(value) => Ok(value.to_owned()),
            _ => Err(Mismatch("text")),
        }
    }
}
impl FromCell for Vec<u8> {
    fn from_cell(cell: Cell<'_>) -> Result<Self, Mismatch> {
        match cell {
            Cell::Bytes(value) => Ok(value.to_vec()),
            _ => Err(Mismatch("bytes")),
        }
    }
}
impl<const N: usize> FromCell for [u8; N] {
    fn from_cell(cell: Cell<'_>) -> Result<Self, Mismatch> {
        match cell {
            Cell::Bytes(value) => value
                .try_into()
                .map_err(|_| Mismatch("bytes of that length")),
            _ => Err(Mismatch("bytes")),
        }
    }
}
impl FromCell for Uuid {
    fn from_cell(cell: Cell<'_>) -> Result<Self, Mismatch> {
        match cell {
            Cell::Id(value) => Ok(value),
            Cell::Bytes(value) => Uuid::from_slice(value).map_err(|_| Mismatch("an id")),
            _ => Err(Mismatch("an id")),
        }
    }
}
impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Result<Self, Mismatch> {
        match cell {
            Cell::Null => Ok(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

/// A column by its position or its name.
pub trait Column: postgres::row::RowIndex + std::fmt::Display + Copy {
    fn position(self, row: &rusqlite::Row<'_>, names: &Names) -> Option<usize>;
}

impl Column for usize {
    fn position(self, _: &rusqlite::Row<'_>, _: &Names) -> Option<usize> {
        Some(self)
    }
}

impl Column for &str {
    fn position(self, row: &rusqlite::Row<'_>, names: &Names) -> Option<usize> {
        names.of(row).iter().position(|name| name == self)
    }
}

/// The names of a SQLite statement's columns, once one was asked for: the library would compare
/// them anew, through C, for every column of every row.
#[derive(Debug, Default)]
pub struct Names(OnceCell<Vec<String>>);

impl Names {
    fn of(&self, row: &rusqlite::Row<'_>) -> &[String] {
        self.0.get_or_init(|| {
            let names = row.as_ref().column_names();
            names.into_iter().map(str::to_owned).collect()
        })
    }
}

/// A row of either database.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>, &'a Names),
    Postgres(&'a postgres::Row),
}

impl Row<'_> {
    /// The column as a type of the domain. Errors are faults of the schema or of the statement.
    pub fn get<T: FromCell>(&self, column: impl Column) -> Result<T, crate::Error> {
        let cell = match self {
            Self::Sqlite(row, names) => {
                let position = column
                    .position(row, names)
                    .ok_or_else(|| Fault::column(&column, Mismatch("in the row")))?;
                match row.get_ref(position).map_err(Fault::Sqlite)? {
                    ValueRef::Null => Cell::Null,
                    ValueRef::Integer(value) => Cell::Int(value),
                    ValueRef::Text(value) => Cell::Text(
                        std::str::from_utf8(value)
                            .map_err(|_| Fault::column(&column, Mismatch("text")))?,
                    ),
                    ValueRef::Blob(value) => Cell::Bytes(value),
                    ValueRef::Real(_) => {
                        return Err(Fault::column(&column, Mismatch("exact")).into());
                    }
                }
            }
            Self::Postgres(row) => row
                .try_get::<_, Cell<'_>>(column)
                .map_err(Fault::Postgres)?,
        };
        Ok(T::from_cell(cell).map_err(|mismatch| Fault::column(&column, mismatch))?)
    }
}

macro_rules! id_values {
    ($($id:ty),*) => {$(
        impl From<$id> for Value<'_> {
            fn from(id: $id) -> Self {
                Self::Id(id.0)
            }
        }
        impl FromCell for $id {
            fn from_cell(cell: Cell<'_>) -> Result<Self, Mismatch> {
                Uuid::from_cell(cell).map(Self)
            }
        }
    )*};
}
id_values!(
    AccountApplicationId,
    UserId,
    DeviceId,
    GuildId,
    ReportId,
    RoleId,
    CategoryId,
    EmojiId,
    ChannelId,
    MailId,
    MessageId,
    SecurityEventId,
    SessionId,
    Txn
);

impl<'a> From<&'a Bytes> for Value<'a> {
    fn from(value: &'a Bytes) -> Self {
        Self::Bytes(&value.0)
    }
}
impl FromCell for Bytes {
    fn from_cell(cell: Cell<'_>) -> Result<Self, Mismatch> {
        Vec::<u8>::from_cell(cell).map(Self)
    }
}
impl<'a, const N: usize> From<&'a Octets<N>> for Value<'a> {
    fn from(value: &'a Octets<N>) -> Self {
        Self::Bytes(&value.0)
    }
}
impl<const N: usize> FromCell for Octets<N> {
    fn from_cell(cell: Cell<'_>) -> Result<Self, Mismatch> {
        <[u8; N]>::from_cell(cell).map(Self)
    }
}

/// All 64 bits are in use, so that the number is stored with the sign that its top bit gives.
impl From<Permissions> for Value<'_> {
    fn from(value: Permissions) -> Self {
        Self::Int(value.0.cast_signed())
    }
}
impl FromCell for Permissions {
    fn from_cell(cell: Cell<'_>) -> Result<Self, Mismatch> {
        i64::from_cell(cell).map(|bits| Self(bits.cast_unsigned()))
    }
}
