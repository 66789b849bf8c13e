//! Outputs that a document shows, against those that its examples give.

use crate::Outcome;
use crate::documents::blocks::Block;

/// A command of a `console` block and the output shown under it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dialogue {
    /// The command, without the prompt.
    pub(crate) command: String,
    /// The lines under it.
    pub(crate) output: String,
}

/// Splits a `console` block at its prompts.
pub(crate) fn dialogues(code: &str) -> Vec<Dialogue> {
    let mut dialogues: Vec<Dialogue> = Vec::new();
    for line in code.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            dialogues.push(Dialogue {
                command: command.to_owned(),
                output: String::new(),
            });
        } else if let Some(last) = dialogues.last_mut() {
            last.output += line;
            last.output += "\n";
        }
    }
    dialogues
}

/// Returns the output that a document shows for the block at `index`: a block `text` that directly follows it.
pub(crate) fn shown(blocks: &[Block], index: usize) -> Option<&str> {
    let next = blocks.get(index + 1)?;
    (next.language == "text" && next.follows).then_some(next.code.as_str())
}

/// The outputs of one document, compared one after the other.
pub(crate) struct Outputs {
    write: bool,
    /// Outputs of the document, each with the one that was printed.
    corrections: Vec<(String, String)>,
}

impl Outputs {
    /// Begins a document; where `write` is true, outputs that differ are no error but noted.
    pub(crate) fn new(write: bool) -> Self {
        Self {
            write,
            corrections: Vec::new(),
        }
    }

    /// Compares what is shown with what was printed, as [`compare`]. An output with a gap is never noted.
    pub(crate) fn compare(&mut self, shown: &str, printed: &str) -> Outcome {
        let difference = compare(shown, printed);
        if self.write && difference.is_err() && !shown.lines().any(|line| line == "...") {
            let printed = printed
                .lines()
                .map(|line| line.trim_end().to_owned() + "\n");
            self.corrections.push((shown.to_owned(), printed.collect()));
            return Ok(());
        }
        difference
    }

    /// Returns the document with the outputs that were printed, `None` if all were right.
    ///
    /// # Errors
    /// If an output is not in the document once, as whole lines: it is to be corrected by hand.
    pub(crate) fn corrected(self, document: &str) -> Outcome<Option<String>> {
        let mut corrected = document.to_owned();
        for (shown, printed) in &self.corrections {
            let [shown, printed] = [shown, printed].map(|text| format!("\n{}\n", text.trim_end()));
            if corrected.matches(&shown).count() != 1 {
                return Err(format!("correct by hand what the document shows as{shown}").into());
            }
            corrected = corrected.replace(&shown, &printed);
        }
        Ok((!self.corrections.is_empty()).then_some(corrected))
    }
}

/// Compares what is shown with what was printed. A line `...` stands for any lines; blanks at the ends of lines do not count.
fn compare(shown: &str, printed: &str) -> Outcome {
    let lines = |text: &str| -> Vec<String> {
        let text = text.trim_end();
        text.lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    };
    if matches(&lines(shown), &lines(printed)) {
        return Ok(());
    }
    Err(format!("the document shows\n{shown}\nbut the example prints\n{printed}").into())
}

fn matches(shown: &[String], printed: &[String]) -> bool {
    match shown {
        [] => printed.is_empty(),
        [gap, rest @ ..] if gap == "..." => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        [line, rest @ ..] => printed.first() == Some(line) && matches(rest, &printed[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::blocks::blocks;

    #[test]
    fn console_blocks_are_commands_and_their_outputs() {
        let found = dialogues("$ fer info\ncrowd\n\n$ fer help\n");
        let dialogue = |command: &str, output: &str| Dialogue {
            command: command.into(),
            output: output.into(),
        };
        assert_eq!(
            found,
            [dialogue("fer info", "crowd\n\n"), dialogue("fer help", "")]
        );
    }

    #[test]
    fn only_a_text_block_that_follows_directly_is_an_output() {
        let found = blocks("```python\na\n```\n\n```text\n1\n```\n\nProse.\n\n```text\n2\n```\n");
        assert_eq!(shown(&found, 0), Some("1\n"));
        assert_eq!(shown(&found, 1), None);
        assert_eq!(shown(&found, 2), None);
    }

    #[test]
    fn other_output_is_an_error_and_dots_stand_for_any_lines() {
        assert!(compare("one \ntwo\n", "one\ntwo\n\n").is_ok());
        assert!(compare("one\n...\nfour\n", "one\ntwo\nthree\nfour\n").is_ok());
        assert!(compare("one\n...\n", "one\n").is_ok());
        let error = compare("one\n", "two\n").unwrap_err().to_string();
        assert!(error.contains("one") && error.contains("two"), "{error}");
        assert!(compare("one\n", "one\ntwo\n").is_err());
    }

    #[test]
    fn outputs_that_differ_are_put_in_their_place_if_asked() {
        let document = "```bash\na\n```\n\n```text\none\n```\n";
        assert!(Outputs::new(false).compare("one\n", "two\n").is_err());
        let mut outputs = Outputs::new(true);
        outputs.compare("one\n", "two \nthree\n").unwrap();
        outputs.compare("same\n", "same\n").unwrap();
        assert!(outputs.compare("a\n...\nb\n", "a\n").is_err());
        let expected = "```bash\na\n```\n\n```text\ntwo\nthree\n```\n";
        assert_eq!(
            outputs.corrected(document).unwrap().as_deref(),
            Some(expected)
        );
        assert_eq!(Outputs::new(true).corrected(document).unwrap(), None);
        let mut outputs = Outputs::new(true);
        outputs.compare("one\n", "two\n").unwrap();
        assert!(outputs.corrected("one of two\none\n\none\n").is_err());
    }
}
