//! How much there is to install, and to load before the first message.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use crate::{
    Ground,
    api::Api,
    figure::{Figure, Report, real},
    server::{self, Data, Server},
};

const MB: f64 = 1_000_000.0;
const WEB_TARGET_MB: f64 = 1.2;
/// What browsers of today offer.
const ENCODINGS: &str = "gzip, deflate, br, zstd";
const FOLDER: &str = "/assets/";

pub(super) fn binary(ground: &Ground, report: &mut Report) -> Result<()> {
    let bytes = server::size(&ground.binary)?;
    report.add(Figure::new("size-binary", real(bytes) / MB, "MB"));
    Ok(())
}

/// Every script, style and module that the page names, directly or through another one, as it
/// crosses the network. Fonts are told apart: text is shown without waiting for them.
pub(super) async fn web(ground: &Ground, report: &mut Report) -> Result<()> {
    let data = Data::new(ground)?;
    let server = Server::start(ground, &data, None)?;
    let api = Api::new(&server.door)?;
    let page = api.file("/", "identity").await?;
    let mut code = api.file("/", ENCODINGS).await?.len();
    let (mut module, mut plain, mut fonts) = (0, page.len(), 0);
    let mut waiting: Vec<String> = names(&page).into_iter().collect();
    let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
    while let Some(name) = waiting.pop() {
        let path = format!("{FOLDER}{name}");
        let sent = api.file(&path, ENCODINGS).await?.len();
        let content = api.file(&path, "identity").await?;
        match name.rsplit('.').next() {
            Some("woff2") => fonts += sent,
            kind => {
                code += sent;
                plain += content.len();
                if kind == Some("wasm") {
                    module += sent;
                } else {
                    let fresh = names(&content).into_iter();
                    waiting.extend(fresh.filter(|name| seen.insert(name.clone())));
                }
            }
        }
    }
    ensure!(
        module > 0,
        "this binary has no web client inside; `cargo xtask release` builds one that has"
    );
    let figure = Figure::new("size-web", real(code as u64) / MB, "MB compressed")
        .at_most(WEB_TARGET_MB)
        .with("wasm_bytes", module)
        .with("code_bytes", code - module)
        .with("font_bytes", fonts)
        .with("uncompressed_bytes", plain);
    report.add(figure);
    Ok(())
}

/// Files with a hash in their name that a text needs at once: `index-Pr-nMry-.js`. What a script
/// asks for later, by `import()`, is not among them.
fn names(text: &[u8]) -> BTreeSet<String> {
    const KINDS: [&str; 4] = [".js", ".css", ".wasm", ".woff2"];
    const LATER: [&str; 3] = ["import(`./", "import(\"./", "import('./"];
    let mut text = String::from_utf8_lossy(text).into_owned();
    for start in LATER {
        text = text.replace(start, "~");
    }
    let part = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    text.split(|c: char| !part(c))
        .filter(|word| !word.starts_with('~') && KINDS.iter().any(|kind| word.ends_with(kind)))
        .filter(|word| {
            // Vite puts eight characters of the hash behind the name.
            let stem = word.rsplit_once('.').map_or("", |(stem, _)| stem);
            stem.len() > 9 && stem.as_bytes()[stem.len() - 9] == b'-'
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_files_are_found_in_pages_and_scripts() {
        let text =
            br#"<script src="/assets/index-Pr-nMry-.js"> new URL("/assets/m_bg-BIedOav1.wasm")
            import("./plain.js"); "x.y-z.css"; await import("./later-x3VmWC-Y.js")"#;
        let found: Vec<String> = names(text).into_iter().collect();
        assert_eq!(found, ["index-Pr-nMry-.js", "m_bg-BIedOav1.wasm"]);
    }
}
