//! Pictures, as a page can show them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cloister_e2ee::Primitives;
use cloister_wire::{Hash, picture::Picture};

use super::Shown;
use crate::core::Core;

/// The name of a picture that is here; none while it is still on its way.
pub(super) fn shown<P: Primitives>(core: &Core<P>, hash: Option<Hash>) -> Shown<Option<String>> {
    Ok(match hash {
        Some(hash) if core.store.has_picture(&hash)? => Some(hash.to_string()),
        _ => None,
    })
}

/// A picture as an address that holds it whole.
pub(super) fn url<P: Primitives>(core: &Core<P>, name: &str) -> Shown<Option<String>> {
    let Ok(hash) = serde_json::from_value::<Hash>(serde_json::Value::from(name)) else {
        return Ok(None);
    };
    Ok(core.store.picture(&hash)?.as_ref().map(data_url))
}

pub(crate) fn data_url(picture: &Picture) -> String {
    let bytes = STANDARD.encode(&picture.bytes.0);
    format!("data:image/{};base64,{bytes}", picture.format.name())
}
