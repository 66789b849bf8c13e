//! fer.html: one file that works from a disk, without a network.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::package::MODELS;
use super::script;
use crate::Outcome;

/// Writes target/web/fer.html with all that it needs inside.
pub(super) fn build(root: &Path, package: &Path) -> Outcome {
    let sources = root.join("crates/fer-web/page");
    let template = fs::read_to_string(sources.join("fer.html"))?;
    let style = fs::read_to_string(sources.join("fer.css"))?;
    let script = script::join(&sources.join("main.js"))?;
    let worker = script::join(&root.join("crates/fer-web/js/worker.js"))?;
    for (name, text) in [("script", &script), ("worker", &worker), ("style", &style)] {
        if text.contains("</script") || text.contains("</style") {
            return Err(format!("the {name} would end the element that holds it").into());
        }
    }
    let embedded = |file: PathBuf| -> Outcome<String> { Ok(STANDARD.encode(fs::read(file)?)) };
    let model = |name: &str| embedded(root.join(MODELS).join(name));
    let page = template
        .replace("{{policy}}", &policy(&script, &style))
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        .replace("{{style}}", &style)
        .replace("{{script}}", &script)
        .replace("{{worker}}", &worker)
        .replace("{{module}}", &embedded(package.join("fer.wasm"))?)
        .replace("{{crowd}}", &model("crowd.safetensors")?)
        .replace("{{folder}}", &model("folder.safetensors")?);
    let file = root.join("target/web/fer.html");
    fs::write(&file, page)?;
    println!("{}", file.display());
    Ok(())
}

/// The content security policy: this script, this style, a worker made of this page's text, images and videos that the user opened.
/// No directive names a host, so that the browser refuses every request.
fn policy(script: &str, style: &str) -> String {
    let [script, style] = [script, style].map(|text| {
        let digest = Sha256::digest(text.as_bytes());
        format!("'sha256-{}'", STANDARD.encode(digest))
    });
    [
        "default-src 'none'".to_owned(),
        format!("script-src {script} 'wasm-unsafe-eval' blob:"),
        "worker-src blob:".to_owned(),
        format!("style-src {style}"),
        "img-src blob:".to_owned(),
        "media-src blob: mediastream:".to_owned(),
        "base-uri 'none'".to_owned(),
        "form-action 'none'".to_owned(),
    ]
    .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_names_no_host_and_hashes_what_is_inline() {
        let policy = policy("", "");
        // The SHA-256 of nothing.
        let nothing = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";
        assert_eq!(policy.matches(nothing).count(), 2);
        for open in [
            "http",
            "*",
            "data:",
            "connect-src",
            "'self'",
            "unsafe-inline",
        ] {
            assert!(!policy.contains(open), "{open}");
        }
    }
}
