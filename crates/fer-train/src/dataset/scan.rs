//! Listing of split folders, class folders and the files in them.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use fer_core::{Emotion, Image, Unlisted, Walked, WalkedKind, files_in, is_junk};

use super::{Item, Split, SplitName, Unreadable};
use crate::error::{Error, Result};

/// The bytes of a file that tell whether it is an image.
const BEGINNING_BYTES: u64 = 1024;

/// The folders directly under a dataset's root.
pub(super) struct SplitFolders {
    root: PathBuf,
    /// Names of the folders, sorted.
    folders: Vec<PathBuf>,
}

pub(super) fn split_folders(root: &Path) -> Result<SplitFolders> {
    Ok(SplitFolders {
        root: root.to_owned(),
        folders: subfolders(root)?,
    })
}

impl SplitFolders {
    /// The folder of a split, relative to the root.
    pub(super) fn of(&self, name: SplitName) -> Result<Option<&Path>> {
        let matching: Vec<&Path> = self
            .folders
            .iter()
            .map(PathBuf::as_path)
            .filter(|folder| split_of(folder) == Some(name))
            .collect();
        match matching[..] {
            [] => Ok(None),
            [folder] => Ok(Some(folder)),
            _ => Err(Error::AmbiguousSplit {
                root: self.root.clone(),
                split: name.label(),
                found: matching
                    .iter()
                    .map(|folder| folder.display().to_string())
                    .collect(),
            }),
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect()
    }
}

fn split_of(folder: &Path) -> Option<SplitName> {
    match folder.to_str()?.to_ascii_lowercase().as_str() {
        "train" => Some(SplitName::Train),
        "validation" | "val" => Some(SplitName::Validation),
        "test" => Some(SplitName::Test),
        _ => None,
    }
}

/// Contents of a folder of class folders.
pub(super) struct Classes {
    folder: PathBuf,
    pub(super) split: Split,
    /// Names of the known class folders.
    known: Vec<String>,
    /// Folders of unknown names, relative to the root.
    pub(super) unknown: Vec<PathBuf>,
}

/// Lists the class folders in `root/prefix`; paths in the result are relative to `root`.
pub(super) fn class_folders(root: &Path, prefix: &Path) -> Result<Classes> {
    let folder = root.join(prefix);
    let mut classes = Classes {
        folder: folder.clone(),
        split: Split::default(),
        known: Vec::new(),
        unknown: Vec::new(),
    };
    for name in subfolders(&folder)? {
        match name.to_str().and_then(|name| name.parse::<Emotion>().ok()) {
            Some(emotion) => {
                let files = list_files(
                    root,
                    &prefix.join(&name),
                    Some(emotion),
                    &mut classes.split.unreadable,
                );
                let items = files.into_iter().map(|path| Item { path, emotion });
                classes.split.items.extend(items);
                classes.known.push(name.display().to_string());
            }
            None => classes.unknown.push(prefix.join(&name)),
        }
    }
    let loose = loose_images(&folder)?.into_iter().map(|name| Unreadable {
        path: prefix.join(name),
        reason: "an image in no class folder: it is not looked at".into(),
    });
    classes.split.unreadable.extend(loose);
    sort(&mut classes.split);
    Ok(classes)
}

/// The names of the images that lie in `folder` itself.
fn loose_images(folder: &Path) -> Result<Vec<PathBuf>> {
    let is_image = |path: &Path| {
        let mut beginning = Vec::new();
        let file = fs::File::open(path);
        file.and_then(|file| file.take(BEGINNING_BYTES).read_to_end(&mut beginning))
            .is_ok_and(|_| Image::is_encoded(&beginning))
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|source| Error::io("list", folder, source))? {
        let entry = entry.map_err(|source| Error::io("list", folder, source))?;
        let is_file = fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file());
        if is_file && !is_junk(entry.file_name()) && is_image(&entry.path()) {
            names.push(PathBuf::from(entry.file_name()));
        }
    }
    Ok(names)
}

/// Lists the images in `root/folder` at any depth, each with the class that `label` gives its path; the second value is those that it
/// gives none.
pub(super) fn labeled_files(
    root: &Path,
    folder: &Path,
    label: impl Fn(&Path) -> Option<Emotion>,
) -> (Split, Vec<PathBuf>) {
    let (mut split, mut unlabeled) = (Split::default(), Vec::new());
    for path in list_files(root, folder, None, &mut split.unreadable) {
        match label(&path) {
            Some(emotion) => split.items.push(Item { path, emotion }),
            None => unlabeled.push(path),
        }
    }
    sort(&mut split);
    (split, unlabeled)
}

/// Sorts images by the bytes of their paths.
fn sort(split: &mut Split) {
    let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_vec();
    split.items.sort_by_cached_key(|item| bytes(&item.path));
    split
        .unreadable
        .sort_by_cached_key(|file| bytes(&file.path));
}

impl Classes {
    /// Returns the names of all folders, known and unknown.
    pub(super) fn folders(&self) -> Vec<String> {
        let unknown = self.unknown.iter().map(|path| file_name(path));
        self.known.iter().cloned().chain(unknown).collect()
    }

    pub(super) fn missing(&self) -> Vec<Emotion> {
        let counts = self.split.class_counts();
        Emotion::ALL
            .into_iter()
            .filter(|&emotion| counts[emotion] == 0)
            .collect()
    }

    pub(super) fn refuse_unknown(&self) -> Result<()> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        Err(Error::UnknownClasses {
            split: self.folder.clone(),
            found: self.unknown.iter().map(|path| file_name(path)).collect(),
            expected: class_names(),
        })
    }

    pub(super) fn refuse_missing(&self) -> Result<()> {
        match self.missing().first() {
            None => Ok(()),
            Some(&expected) => Err(Error::MissingClass {
                split: self.folder.clone(),
                expected,
                found: self.known.clone(),
            }),
        }
    }
}

/// The class names in their order.
pub(super) fn class_names() -> Vec<String> {
    Emotion::ALL
        .iter()
        .map(|emotion| emotion.label().to_owned())
        .collect()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .display()
        .to_string()
}

/// The names of the visible folders (or links to folders) in `folder`, sorted.
fn subfolders(folder: &Path) -> Result<Vec<PathBuf>> {
    match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => {}
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io("read", folder, source));
        }
        _ => {
            return Err(Error::NotAFolder {
                path: folder.to_owned(),
            });
        }
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|source| Error::io("list", folder, source))? {
        let entry = entry.map_err(|source| Error::io("list", folder, source))?;
        let is_folder = fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_dir());
        if is_folder && !is_junk(entry.file_name()) {
            names.push(PathBuf::from(entry.file_name()));
        }
    }
    names.sort_by(|a, b| {
        a.as_os_str()
            .as_encoded_bytes()
            .cmp(b.as_os_str().as_encoded_bytes())
    });
    Ok(names)
}

/// Lists every file under `root/folder` ([`files_in`]), relative to `root`. Any file counts: its content says what it is, not its name.
///
/// In the folder of a class, what would bring in images of another label is reported instead: a folder of another class's name, and a
/// link that leaves the class folder, to a folder anywhere or to a file of the dataset. Links to files elsewhere are images.
fn list_files(
    root: &Path,
    folder: &Path,
    class: Option<Emotion>,
    unreadable: &mut Vec<Unreadable>,
) -> Vec<PathBuf> {
    let relative = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_owned();
    let places = class.map(|class| Places::of(root, folder, class));
    let refuse = |walked: Walked<'_>| match walked.kind {
        WalkedKind::Special => Some("not a regular file"),
        _ => places.as_ref().and_then(|places| places.refusal(walked)),
    };
    let mut files = Vec::new();
    for found in files_in(root.join(folder), refuse) {
        match found {
            Ok(path) => files.push(relative(&path)),
            Err(Unlisted { path, reason }) => unreadable.push(Unreadable {
                path: relative(&path),
                reason,
            }),
        }
    }
    files
}

/// The real places of a dataset and of a class folder in it, for links to be compared with.
struct Places {
    dataset: PathBuf,
    class: PathBuf,
    emotion: Emotion,
}

impl Places {
    fn of(root: &Path, class: &Path, emotion: Emotion) -> Self {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Self {
            dataset: real(root),
            class: real(&root.join(class)),
            emotion,
        }
    }

    /// Returns why something in the class folder is none of its images or folders.
    fn refusal(&self, walked: Walked<'_>) -> Option<&'static str> {
        let is_folder = walked.kind == WalkedKind::Folder;
        if walked.is_link {
            let target = walked.path.canonicalize().ok()?;
            let leaves = !target.starts_with(&self.class);
            if leaves && (is_folder || target.starts_with(&self.dataset)) {
                return Some(
                    "a link out of its class folder: what it leads to may be of another class",
                );
            }
        }
        let name = walked.path.file_name()?.to_str()?;
        let is_other_class = name
            .parse::<Emotion>()
            .is_ok_and(|other| other != self.emotion);
        if is_folder && (is_other_class || split_of(Path::new(name)).is_some()) {
            return Some(
                "a folder of a class or split inside a class folder: its images are not read",
            );
        }
        None
    }
}
