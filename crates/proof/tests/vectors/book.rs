//! Files of vectors: readable JSON with bytes as hexadecimal, compared with what the code makes
//! now. Another implementation reads the same files.

use std::{fmt::Write, fs, path::PathBuf};

use serde_json::{Map, Value};

/// Set, the files are written instead of compared: for a change of the protocol that is meant.
const WRITE: &str = "CLOISTER_WRITE_VECTORS";

/// One vector: fields in the order of their names.
pub struct Vector(Map<String, Value>);

impl Vector {
    pub fn new(name: &str) -> Self {
        Self(Map::from_iter([("name".to_owned(), name.into())]))
    }

    pub fn text(mut self, field: &str, value: &str) -> Self {
        self.0.insert(field.to_owned(), value.into());
        self
    }

    pub fn number(mut self, field: &str, value: u64) -> Self {
        self.0.insert(field.to_owned(), value.into());
        self
    }

    pub fn bytes(mut self, field: &str, value: &[u8]) -> Self {
        self.0.insert(field.to_owned(), hex(value).into());
        self
    }

    pub fn list(mut self, field: &str, values: &[impl AsRef<[u8]>]) -> Self {
        let values: Vec<Value> = values.iter().map(|one| hex(one.as_ref()).into()).collect();
        self.0.insert(field.to_owned(), values.into());
        self
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Compares `file` in `folder` with the vectors made now.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "whoever freezes anew says so in the environment"
)]
pub fn frozen(folder: &str, file: &str, about: &str, vectors: Vec<Vector>) {
    let made = serde_json::json!({
        "about": about,
        "vectors": vectors.into_iter().map(|one| Value::Object(one.0)).collect::<Vec<_>>(),
    });
    let path = PathBuf::from(folder).join(file);
    let text = format!("{made:#}\n");
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, text).unwrap();
        return;
    }
    let kept: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let (kept, made) = (&kept["vectors"], &made["vectors"]);
    assert_eq!(
        kept.as_array().map(Vec::len),
        made.as_array().map(Vec::len),
        "{file} holds another number of vectors"
    );
    for (kept, made) in kept
        .as_array()
        .unwrap()
        .iter()
        .zip(made.as_array().unwrap())
    {
        assert_eq!(
            kept, made,
            "{file} and the code disagree: whoever speaks the protocol as frozen no longer \
             understands this build"
        );
    }
}
