//! Tells the crate which trained models lie in `models/`, so that it builds before the first is trained.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=models");
    for name in ["crowd", "folder"] {
        println!("cargo::rustc-check-cfg=cfg(model_{name})");
        if Path::new("models")
            .join(format!("{name}.safetensors"))
            .exists()
        {
            println!("cargo::rustc-cfg=model_{name}");
        }
    }
}
