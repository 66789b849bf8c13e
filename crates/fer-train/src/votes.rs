//! Crowd votes: how many people saw which expression in an image, and soft targets made of them.
//!
//! The file is a CSV in the form of FER+ (Barsoum et al. 2016): a column `file` with the path of an image, one column
//! of counts an expression, and counts of "unknown" and of "NF" (no face).

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use fer_core::Emotion;
use sha2::{Digest, Sha256};

use crate::csv_rows::{Fault, header_and_rows};
use crate::error::{Error, Result};
use crate::paths::refuse_unrelated;
use crate::read::{MAX_LIST_BYTES, read_file, text_of};

/// The votes on one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ballot {
    /// Votes for the four classes, in the order of [`Emotion::ALL`].
    pub emotions: [u16; Emotion::COUNT],
    /// Votes for something else, in the order of [`Ballot::OTHERS`].
    pub others: [u16; Ballot::OTHERS.len()],
}

impl Ballot {
    /// The columns that count votes for something other than the four classes.
    pub const OTHERS: [&str; 6] = ["anger", "disgust", "fear", "contempt", "unknown", "NF"];

    /// All votes, those for other expressions and for "no face" included.
    #[must_use]
    pub fn total(&self) -> u32 {
        let others: u32 = self.others.iter().map(|&votes| u32::from(votes)).sum();
        self.in_classes() + others
    }

    /// The votes for the four classes together.
    #[must_use]
    pub fn in_classes(&self) -> u32 {
        self.emotions.iter().map(|&votes| u32::from(votes)).sum()
    }

    /// The class that more than half of all voters chose.
    #[must_use]
    pub fn consensus(&self) -> Option<Emotion> {
        majority(&self.emotions, self.total())
    }

    /// Returns the class that most voters chose, however few; the first of equal ones.
    #[must_use]
    pub fn plurality(&self) -> Emotion {
        let votes = |emotion: Emotion| self.emotions[emotion.index()];
        let [first, rest @ ..] = Emotion::ALL;
        rest.into_iter().fold(first, |most, emotion| {
            if votes(emotion) > votes(most) {
                emotion
            } else {
                most
            }
        })
    }

    /// Returns the share of the votes that are for none of the four classes, in [0, 1]; none without a vote.
    #[must_use]
    pub fn other_share(&self) -> Option<f32> {
        let (other, total) = (self.total() - self.in_classes(), self.total());
        (total > 0).then(|| other as f32 / total as f32)
    }

    /// Probabilities of the four classes: the share of the votes for them, with `smoothing` votes added to each
    /// class. `None` if there is nothing to share out.
    #[must_use]
    pub fn soft_target(&self, smoothing: f32) -> Option<[f32; Emotion::COUNT]> {
        let smoothed = self.emotions.map(|votes| f32::from(votes) + smoothing);
        let sum: f32 = smoothed.iter().sum();
        (self.in_classes() > 0 && sum > 0.0).then(|| smoothed.map(|votes| votes / sum))
    }

    /// As [`Ballot::soft_target`], of all votes: the probabilities of the four classes, and those of [`Ballot::OTHERS`].
    #[must_use]
    pub fn soft_target_of_all(
        &self,
        smoothing: f32,
    ) -> Option<([f32; Emotion::COUNT], [f32; Ballot::OTHERS.len()])> {
        let emotions = self.emotions.map(|votes| f32::from(votes) + smoothing);
        let others = self.others.map(f32::from);
        let sum = emotions.iter().sum::<f32>() + others.iter().sum::<f32>();
        (self.total() > 0).then(|| {
            (
                emotions.map(|votes| votes / sum),
                others.map(|votes| votes / sum),
            )
        })
    }
}

/// Returns the class that more than half of `all` voters chose.
pub(crate) fn majority(votes: &[u16; Emotion::COUNT], all: u32) -> Option<Emotion> {
    Emotion::ALL
        .into_iter()
        .find(|emotion| 2 * u32::from(votes[emotion.index()]) > all)
}

/// The votes of a CSV file by image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Votes {
    ballots: HashMap<String, Ballot>,
    digest: [u8; 32],
}

impl Votes {
    /// Reads a votes file. Its columns are `file` (paths with `/`), one a class (with the aliases of
    /// [`Emotion`]'s `FromStr`) and any of anger, disgust, fear, contempt, unknown and NF.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Votes`] with the line for a missing or unknown column, a
    /// count that is no small whole number, or a file listed twice.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = read_file(path, MAX_LIST_BYTES)?;
        let text = text_of(&bytes, path)?;
        let parsed = Self::parse(text.as_bytes()).map_err(|(line, reason)| Error::Votes {
            path: path.to_owned(),
            line,
            reason,
        })?;
        Ok(Self {
            digest: Sha256::digest(&bytes).into(),
            ..parsed
        })
    }

    /// Refuses votes of which none is on one of `images`, given by path.
    ///
    /// # Errors
    /// [`Error::NothingListed`] with a path of either side.
    pub(crate) fn refuse_unrelated<'a>(
        &self,
        images: impl Iterator<Item = Cow<'a, Path>> + Clone,
    ) -> Result<()> {
        let first = self.ballots.keys().min();
        refuse_unrelated("votes file", first, images, |path| self.of(path).is_some())
    }

    /// Parses the bytes of a votes file; an error is a line number and a reason.
    fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let (headers, rows) = header_and_rows(bytes)?;
        let columns: Vec<Column> = headers
            .iter()
            .map(Column::parse)
            .collect::<Result<_, _>>()
            .map_err(|e| (1, e))?;
        Column::check_complete(&columns).map_err(|reason| (1, reason))?;

        let mut ballots = HashMap::new();
        for row in rows {
            let (line, record) = row?;
            let (file, ballot) = read_ballot(&columns, &record).map_err(|reason| (line, reason))?;
            if ballots.insert(file.to_owned(), ballot).is_some() {
                return Err((line, format!("{file} is listed twice")));
            }
        }
        Ok(Self {
            ballots,
            digest: Sha256::digest(bytes).into(),
        })
    }

    /// The votes on an image by its path, relative to the folder that the CSV's paths are relative to.
    #[must_use]
    pub fn of(&self, path: &Path) -> Option<Ballot> {
        let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
        self.ballots.get(&parts?.join("/")).copied()
    }

    /// The number of images with votes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ballots.len()
    }

    /// Returns `true` if no image has votes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ballots.is_empty()
    }

    /// SHA-256 of the file's bytes.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

/// Meaning of a column of the CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    File,
    Class(Emotion),
    Other(usize),
}

impl Column {
    fn parse(name: &str) -> Result<Self, String> {
        if name.eq_ignore_ascii_case("file") {
            return Ok(Self::File);
        }
        if let Some(index) = Ballot::OTHERS
            .iter()
            .position(|other| name.eq_ignore_ascii_case(other))
        {
            return Ok(Self::Other(index));
        }
        name.parse().map(Self::Class).map_err(|_| {
            format!(
                "unknown column `{name}`; expected `file`, the four classes, {}",
                Ballot::OTHERS.join(", ")
            )
        })
    }

    fn check_complete(columns: &[Self]) -> Result<(), String> {
        let count = |wanted: Self| columns.iter().filter(|&&column| column == wanted).count();
        let refused = |count, name: &str, expected: &str| {
            Err(format!(
                "the header has {count} columns for `{name}`, expected {expected}"
            ))
        };
        let once = |wanted: Self, name: &str| match count(wanted) {
            1 => Ok(()),
            count => refused(count, name, "one"),
        };
        for (index, name) in Ballot::OTHERS.into_iter().enumerate() {
            let count = count(Self::Other(index));
            if count > 1 {
                return refused(count, name, "at most one");
            }
        }
        once(Self::File, "file")?;
        Emotion::ALL
            .into_iter()
            .try_for_each(|emotion| once(Self::Class(emotion), emotion.label()))
    }
}

fn read_ballot<'a>(
    columns: &[Column],
    record: &'a csv::StringRecord,
) -> Result<(&'a str, Ballot), String> {
    let mut file = "";
    let mut ballot = Ballot {
        emotions: [0; Emotion::COUNT],
        others: [0; Ballot::OTHERS.len()],
    };
    for (column, field) in columns.iter().zip(record) {
        let count = match *column {
            Column::File => {
                file = field;
                continue;
            }
            Column::Class(emotion) => &mut ballot.emotions[emotion.index()],
            Column::Other(index) => &mut ballot.others[index],
        };
        *count = field
            .parse()
            .map_err(|_| format!("`{field}` is no count of votes"))?;
    }
    Ok((file, ballot))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str =
        "file,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n";

    fn parse(rows: &str) -> Result<Votes, (u64, String)> {
        Votes::parse(format!("{HEADER}{rows}").as_bytes())
    }

    #[test]
    fn votes_on_other_images_are_refused() {
        let votes = Votes::parse(b"file,happy,sad,neutral,surprise\ntrain\\happy\\1.png,3,0,0,0\n")
            .unwrap();
        let images = [Cow::Borrowed(Path::new("train/happy/1.png"))];
        let error = votes.refuse_unrelated(images.iter().cloned()).unwrap_err();
        assert_eq!(error.kind(), fer_core::ErrorKind::NothingListed);
        assert!(
            error
                .to_string()
                .contains(r"lists train\happy\1.png, expected paths such as train/happy/1.png")
        );
        let votes =
            Votes::parse(b"file,happy,sad,neutral,surprise\ntrain/happy/1.png,3,0,0,0\n").unwrap();
        votes.refuse_unrelated(images.into_iter()).unwrap();
    }

    #[test]
    fn counts_are_found_by_path_and_class() {
        let votes = parse("train/happy/a.jpg,1,6,0,2,0,0,0,0,1,0\n").unwrap();
        let ballot = votes.of(Path::new("train/happy/a.jpg")).unwrap();
        assert_eq!(ballot.emotions[Emotion::Happy.index()], 6);
        assert_eq!(ballot.emotions[Emotion::Sad.index()], 2);
        assert_eq!(ballot.others, [0, 0, 0, 0, 1, 0], "one is unknown");
        assert_eq!((ballot.total(), ballot.in_classes()), (10, 9));
        assert_eq!(ballot.consensus(), Some(Emotion::Happy));
        assert_eq!(votes.of(Path::new("train/happy/b.jpg")), None);
    }

    #[test]
    fn half_of_the_votes_is_no_consensus() {
        let votes =
            parse("a,5,5,0,0,0,0,0,0,0,0\nb,0,4,0,0,0,0,0,0,0,6\nc,0,6,0,0,0,0,0,0,0,4\n").unwrap();
        assert_eq!(votes.of(Path::new("a")).unwrap().consensus(), None);
        assert_eq!(votes.of(Path::new("b")).unwrap().consensus(), None);
        assert_eq!(
            votes.of(Path::new("c")).unwrap().consensus(),
            Some(Emotion::Happy)
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (rows, line, word) in [
            ("a,1,1,1,1,0,0,0,0,0,0\na,1,1,1,1,0,0,0,0,0,0\n", 3, "twice"),
            ("a,1,1,1,many,0,0,0,0,0,0\n", 2, "many"),
            ("a,1,1,1,-1,0,0,0,0,0,0\n", 2, "-1"),
            ("a,1,1\n", 2, "fields"),
        ] {
            let (found, reason) = parse(rows).unwrap_err();
            assert_eq!(found, line, "{reason}");
            assert!(reason.contains(word), "{reason}");
        }
        for header in [
            "file,happy,sad,neutral\n",
            "happy,sad,neutral,surprise\n",
            "file,happy,sad,neutral,surprise,joy2\n",
            "file,happy,sad,neutral,surprise,fear,Fear\n",
        ] {
            assert_eq!(Votes::parse(header.as_bytes()).unwrap_err().0, 1);
        }
    }

    proptest! {
        #[test]
        fn soft_targets_are_probabilities(emotions in any::<[u16; 4]>(), smoothing in 0.0f32..2.0) {
            let ballot = Ballot { emotions, others: [0; 6] };
            match ballot.soft_target(smoothing) {
                Some(target) => {
                    prop_assert!((target.iter().sum::<f32>() - 1.0).abs() < 1e-5);
                    prop_assert!(target.iter().all(|p| (0.0..=1.0).contains(p)));
                }
                None => prop_assert_eq!(ballot.in_classes(), 0),
            }
        }

        #[test]
        fn soft_targets_of_all_share_out_every_vote(
            emotions in any::<[u16; 4]>(),
            others in any::<[u16; 6]>(),
            smoothing in 0.0f32..2.0,
        ) {
            let ballot = Ballot { emotions, others };
            let Some((classes, rest)) = ballot.soft_target_of_all(smoothing) else {
                prop_assert_eq!(ballot.total(), 0);
                return Ok(());
            };
            let sum = classes.iter().sum::<f32>() + rest.iter().sum::<f32>();
            prop_assert!((sum - 1.0).abs() < 1e-5);
            // Within the classes, the shares are those of the votes for them alone.
            let in_classes = classes.iter().sum::<f32>();
            if let Some(alone) = ballot.soft_target(smoothing) {
                let near = |(share, alone): (&f32, &f32)| (share - alone * in_classes).abs() < 1e-5;
                prop_assert!(classes.iter().zip(&alone).all(near));
            }
        }

        #[test]
        fn any_bytes_parse_or_fail_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Votes::parse(&bytes);
            let _ = parse(&String::from_utf8_lossy(&bytes));
        }
    }
}
