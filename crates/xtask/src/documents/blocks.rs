//! Fenced code blocks of a Markdown text.

/// One fenced block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The first word after the fence, empty where there is none.
    pub(crate) language: String,
    /// The lines between the fences, less the indentation of the opening fence.
    pub(crate) code: String,
    /// The number of the first line of code, counted from 1.
    pub(crate) line: usize,
    /// `true` if nothing but blank lines separates it from the block before.
    pub(crate) follows: bool,
}

/// The blocks of `text` between lines that begin with three backticks, in order.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    let mut follows = false;
    while let Some((index, line)) = lines.next() {
        let Some((indent, language)) = opening_fence(line) else {
            follows &= line.trim().is_empty();
            continue;
        };
        let code = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| !line.trim_start().starts_with("```"))
            .map(|line| line.get(indent..).unwrap_or_default().to_owned() + "\n")
            .collect();
        blocks.push(Block {
            language: language.to_owned(),
            code,
            line: index + 2,
            follows,
        });
        follows = true;
    }
    blocks
}

/// The indentation and the language of a line that opens a block.
fn opening_fence(line: &str) -> Option<(usize, &str)> {
    let trimmed = line.trim_start();
    let language = trimmed
        .strip_prefix("```")?
        .split_whitespace()
        .next()
        .unwrap_or_default();
    Some((line.len() - trimmed.len(), language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_carries_language_code_and_line() {
        let text = "one\n\n```bash\nfer info\nfer help\n```\n";
        let expected = Block {
            language: "bash".into(),
            code: "fer info\nfer help\n".into(),
            line: 4,
            follows: false,
        };
        assert_eq!(blocks(text), [expected]);
    }

    #[test]
    fn indented_block_loses_its_indentation() {
        let text = "- item\n\n    ```python title=\"x\"\n    for i in y:\n        pass\n    ```\n";
        assert_eq!(blocks(text)[0].code, "for i in y:\n    pass\n");
        assert_eq!(blocks(text)[0].language, "python");
    }

    #[test]
    fn text_after_a_block_belongs_to_none() {
        let text = "```sh\na\n```\nbetween\n```\nb\n```\n";
        let found = blocks(text);
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[1].language.as_str(), found[1].code.as_str()),
            ("", "b\n")
        );
    }
}
