//! Folders listed in depth, by the same rules for every command.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::{chain, is_junk};

/// A file or folder that a walk comes upon; links are followed.
#[derive(Debug, Clone, Copy)]
pub struct Walked<'a> {
    /// The path, which begins with that of the folder walked.
    pub path: &'a Path,
    /// The kind of what the path leads to.
    pub kind: WalkedKind,
    /// `true` if the path itself is a link.
    pub is_link: bool,
}

/// Kinds of what a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalkedKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A pipe, socket or device: reading it could block or never end.
    Special,
}

/// A path in a folder that is not listed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// The path.
    pub path: PathBuf,
    /// The reason, for people.
    pub reason: String,
}

/// Lists the files in `folder` in depth, ordered by name within each folder.
///
/// Links are followed. Hidden and system files are left out ([`is_junk`]), and so are special files. A broken link, a loop of links and
/// an unreadable folder are [`Unlisted`] in their place among the others. So is a path for which `refuse` gives a reason; a folder
/// that is refused is not entered.
pub fn files_in(
    folder: impl AsRef<Path>,
    refuse: impl Fn(Walked<'_>) -> Option<&'static str>,
) -> Vec<Result<PathBuf, Unlisted>> {
    let folder = folder.as_ref();
    let mut files = Vec::new();
    let mut walk = WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) if entry.depth() == 0 => continue,
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(folder);
                if error.depth() == 0 || !path.file_name().is_some_and(is_junk) {
                    files.push(Err(Unlisted {
                        path: path.to_owned(),
                        reason: chain(&error),
                    }));
                }
                continue;
            }
        };
        let kind = match entry.file_type() {
            kind if kind.is_dir() => WalkedKind::Folder,
            kind if kind.is_file() => WalkedKind::File,
            _ => WalkedKind::Special,
        };
        let walked = Walked {
            path: entry.path(),
            kind,
            is_link: entry.path_is_symlink(),
        };
        let is_skipped = is_junk(entry.file_name());
        let refusal = if is_skipped { None } else { refuse(walked) };
        if kind == WalkedKind::Folder && (is_skipped || refusal.is_some()) {
            walk.skip_current_dir();
        }
        if let Some(reason) = refusal {
            files.push(Err(Unlisted {
                path: entry.into_path(),
                reason: reason.to_owned(),
            }));
        } else if kind == WalkedKind::File && !is_skipped {
            files.push(Ok(entry.into_path()));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folders::folder_with;

    /// Returns the paths below `folder`, those that are not listed after a `!`.
    fn names(folder: &Path, refuse: impl Fn(Walked<'_>) -> Option<&'static str>) -> Vec<String> {
        let below = |path: &Path| {
            let path = path.strip_prefix(folder).unwrap();
            path.to_str().unwrap().replace('\\', "/")
        };
        let name = |file: Result<PathBuf, Unlisted>| match file {
            Ok(path) => below(&path),
            Err(unlisted) => format!("!{}", below(&unlisted.path)),
        };
        files_in(folder, refuse).into_iter().map(name).collect()
    }

    #[test]
    fn files_are_listed_in_depth_and_in_order_and_junk_is_not() {
        let folder = folder_with(&[
            "b/2.png",
            "a.jpg",
            "b/1.txt",
            "c",
            "._a.jpg",
            "b/@eaDir/a.jpg",
            ".git/config",
        ]);
        assert_eq!(
            names(folder.path(), |_| None),
            ["a.jpg", "b/1.txt", "b/2.png", "c"]
        );
        // A folder named by itself is wanted, whatever its name.
        assert_eq!(names(&folder.path().join(".git"), |_| None), ["config"]);
    }

    #[test]
    fn refused_paths_are_reported_in_their_place_and_refused_folders_not_entered() {
        let folder = folder_with(&["a/1", "b/2", "c/3", "c/4"]);
        let refuse = |walked: Walked<'_>| {
            let is_folder = walked.kind == WalkedKind::Folder;
            let name = walked.path.file_name().unwrap();
            ((is_folder && name == "b") || name == "4").then_some("not wanted")
        };
        assert_eq!(names(folder.path(), refuse), ["a/1", "!b", "c/3", "!c/4"]);
    }

    #[test]
    fn a_folder_that_does_not_exist_is_reported() {
        let folder = folder_with(&[]);
        let found = files_in(folder.path().join("absent"), |_| None);
        let [Err(unlisted)] = &found[..] else {
            panic!("{found:?}");
        };
        assert!(unlisted.path.ends_with("absent") && !unlisted.reason.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn broken_links_and_loops_are_reported_and_special_files_left_out() {
        use std::os::unix::fs::symlink;
        use std::os::unix::net::UnixListener;

        let folder = folder_with(&["a", "z/1"]);
        let at = |name: &str| folder.path().join(name);
        symlink("absent", at("b")).unwrap();
        symlink("absent", at("._b")).unwrap();
        symlink(folder.path(), at("c")).unwrap();
        symlink(at("z"), at("d")).unwrap();
        let _socket = UnixListener::bind(at("e")).unwrap();
        assert_eq!(
            names(folder.path(), |_| None),
            ["a", "!b", "!c", "d/1", "z/1"]
        );
        let links = |walked: Walked<'_>| walked.is_link.then_some("a link");
        assert_eq!(names(folder.path(), links), ["a", "!b", "!c", "!d", "z/1"]);
        let special =
            |walked: Walked<'_>| (walked.kind == WalkedKind::Special).then_some("special");
        assert!(names(folder.path(), special).contains(&"!e".to_owned()));
    }
}
