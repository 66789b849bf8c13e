//! The compiler for WebAssembly: rustup's where its target is installed, else Debian's, which builds the standard library itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::TARGET;
use crate::Outcome;
use crate::process::cargo;

/// Debian's packages rustc-web and cargo-web install these, rust-web-src the sources.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std";

/// A compiler that can build the module.
pub(super) enum Toolchain {
    /// The one that runs this program; its target is installed.
    Rustup,
    /// Debian's, with the linker to use unless it has its own.
    Debian { linker: Option<PathBuf> },
}

impl Toolchain {
    /// Looks for a compiler.
    pub(super) fn find() -> Outcome<Self> {
        let target_libraries = answer(&["--print", "target-libdir", "--target", TARGET]);
        if target_libraries.is_some_and(|folder| Path::new(&folder).exists()) {
            return Ok(Self::Rustup);
        }
        let debian = [DEBIAN_RUSTC, DEBIAN_CARGO, DEBIAN_SOURCES];
        if debian.iter().all(|path| Path::new(path).exists()) {
            return Ok(Self::Debian {
                linker: rustup_linker(),
            });
        }
        Err(format!(
            "no compiler for {TARGET}: `rustup target add {TARGET}`, or on Debian \
             `apt-get install rustc-web cargo-web rust-web-src`"
        )
        .into())
    }

    /// Returns `cargo`, set up to build for the target.
    pub(super) fn cargo(&self) -> Command {
        let mut flags = "-C target-feature=+simd128".to_owned();
        let mut command = match self {
            Self::Rustup => cargo([]),
            Self::Debian { linker } => {
                if let Some(linker) = linker {
                    flags += &format!(" -C linker={} -C linker-flavor=wasm-ld", linker.display());
                }
                let mut command = Command::new(DEBIAN_CARGO);
                // Its standard library has no part for the target; building it is not yet a stable option of cargo.
                command.env("RUSTC", DEBIAN_RUSTC);
                command.env("RUSTC_BOOTSTRAP", "1");
                command.arg("-Zbuild-std=std,panic_abort");
                command
            }
        };
        command.env("RUSTFLAGS", flags);
        command
    }
}

/// The linker of the toolchain that runs this program: Debian's compiler only suggests one.
fn rustup_linker() -> Option<PathBuf> {
    let sysroot = PathBuf::from(answer(&["--print", "sysroot"])?);
    let version = answer(&["--version", "--verbose"])?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))?;
    let linker = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
    linker.exists().then_some(linker)
}

/// Returns the compiler's answer; nothing if it refuses.
fn answer(arguments: &[&str]) -> Option<String> {
    let output = Command::new("rustc").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
