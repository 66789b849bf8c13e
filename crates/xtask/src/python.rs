//! The developer's Python environment in `.venv`, made where it is missing.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::process::run;

const REQUIREMENTS: &str = "requirements-dev.txt";

/// A virtual environment that holds everything in `requirements-dev.txt`.
pub(crate) struct Environment {
    folder: PathBuf,
    programs: PathBuf,
}

impl Environment {
    /// Opens `.venv` under `root`; creates it, and installs the requirements, where either is out of date.
    pub(crate) fn prepare(root: &Path) -> Outcome<Self> {
        let folder = root.join(".venv");
        let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
        let environment = Self { folder, programs };
        if !environment.program("python").exists() {
            environment.create()?;
        }
        environment.install_requirements(root, REQUIREMENTS)?;
        Ok(environment)
    }

    fn create(&self) -> Outcome {
        let python = if cfg!(windows) { "python" } else { "python3" };
        run(Command::new(python).args(["-m", "venv"]).arg(&self.folder)).map_err(|error| {
            format!("{error}\nPython 3.10 or newer with its venv module is needed (Debian, Ubuntu: apt install python3-venv)")
                .into()
        })
    }

    /// Installs what a file in `root` asks for, unless it asks for what it asked for last time.
    pub(crate) fn install_requirements(&self, root: &Path, file: &str) -> Outcome {
        let requirements = root.join(file);
        let wanted = fs::read(&requirements)?;
        let stamp = self.folder.join(file);
        if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        run(self.pip_install().arg("--requirement").arg(requirements))?;
        Ok(fs::write(stamp, wanted)?)
    }

    /// Builds the wheel of the workspace at `root` and installs it in place of an older one.
    pub(crate) fn install_wheel(&self, root: &Path) -> Outcome {
        let wheels = root.join("target/wheels");
        if wheels.exists() {
            fs::remove_dir_all(&wheels)?;
        }
        // The development profile is optimized and shares its build with `cargo test`.
        run(self
            .command("maturin")
            .current_dir(root)
            .args(["build", "--locked", "--profile", "dev", "--out"])
            .arg(&wheels))?;
        let wheel = only_file(&wheels)?;
        run(self
            .pip_install()
            .args(["--force-reinstall", "--no-deps"])
            .arg(wheel))
    }

    fn pip_install(&self) -> Command {
        let mut pip = self.command("python");
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        pip
    }

    /// `program` of this environment, with the environment activated.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.program(program));
        self.activate(&mut command);
        command
    }

    /// Puts this environment before everything else that `command` may start.
    pub(crate) fn activate(&self, command: &mut Command) {
        command
            .env("VIRTUAL_ENV", &self.folder)
            .env("PATH", self.search_path())
            .env_remove("PYTHONHOME");
    }

    fn program(&self, name: &str) -> PathBuf {
        self.programs
            .join(name)
            .with_extension(env::consts::EXE_EXTENSION)
    }

    fn search_path(&self) -> OsString {
        let inherited = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.programs.clone()).chain(env::split_paths(&inherited));
        env::join_paths(folders).unwrap_or(inherited)
    }
}

/// Returns the one file in `folder`.
pub(crate) fn only_file(folder: &Path) -> Outcome<PathBuf> {
    let files = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    match <[PathBuf; 1]>::try_from(files) {
        Ok([file]) => Ok(file),
        Err(files) => Err(format!(
            "{} holds {} files, expected one wheel",
            folder.display(),
            files.len()
        )
        .into()),
    }
}
