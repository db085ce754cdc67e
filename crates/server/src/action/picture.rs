//! The pictures of a guild: looked at only as far as their size. The people who see them decode
//! them, so nothing may come in that would be large once decoded.

use cloister_proof::hash;
use cloister_wire::{
    Bytes, Hash,
    picture::{Picture, PictureFormat, PictureUse},
};
use imagesize::ImageType;
use serde_json::json;

use super::{audit, role::announce};
use crate::{
    Error, Result,
    access::{Permit, guild::InGuild},
    store::{self, db::Tx},
};

/// Gives the guild a picture, or takes it away.
pub fn set(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    of: PictureUse,
    picture: Option<&Bytes>,
) -> Result<()> {
    let stored = store::guild::get(tx, permit.guild, permit.user)?;
    let stored = stored.ok_or_else(Error::not_found)?;
    let (name, before) = match of {
        PictureUse::Icon => ("icon", stored.icon),
        PictureUse::Banner => ("banner", stored.banner),
        PictureUse::Emoji => return Err(Error::invalid("An emoji needs a name.")),
    };
    let after = picture
        .map(|bytes| keep(tx, permit, of, bytes))
        .transpose()?;
    if before == after {
        return Ok(());
    }
    store::picture::update(tx, permit, of, after.as_ref())?;
    store::picture::delete_unused(tx, permit)?;
    let act = audit::Act::new(audit::GUILD_EDIT, audit::guild(permit.guild))
        .before(&json!({name: before}))
        .after(&json!({name: after}));
    audit::note(tx, permit, act)?;
    announce(tx, permit)
}

/// Keeps a picture that is small enough for its purpose; says its hash.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    of: PictureUse,
    bytes: &Bytes,
) -> Result<Hash> {
    let picture = Picture {
        format: format_of(of, bytes)?,
        bytes: bytes.clone(),
    };
    let hash = hash(&[&bytes.0]);
    store::picture::insert(tx, permit, &hash, &picture)?;
    Ok(hash)
}

/// The format of a picture that is small enough for its purpose.
fn format_of(of: PictureUse, bytes: &Bytes) -> Result<PictureFormat> {
    if bytes.0.len() > of.bytes_max() {
        return Err(Error::invalid("This picture has too many bytes."));
    }
    let format = match imagesize::image_type(&bytes.0) {
        Ok(ImageType::Png) => PictureFormat::Png,
        Ok(ImageType::Jpeg) => PictureFormat::Jpeg,
        Ok(ImageType::Webp) => PictureFormat::Webp,
        _ => return Err(Error::invalid("A picture is a PNG, a JPEG or a WebP.")),
    };
    let size = imagesize::blob_size(&bytes.0)
        .map_err(|_| Error::invalid("This picture can't be read."))?;
    let sides = [size.width, size.height];
    if sides.iter().any(|side| *side == 0 || *side > of.side_max()) {
        return Err(Error::invalid("This picture is too wide or too high."));
    }
    Ok(format)
}
