//! Parts of a document that a command writes, between `<!-- NAME:begin -->` and `<!-- NAME:end -->`.

use crate::Outcome;

/// `document` with each marked part replaced by the section of its name.
///
/// A document need not carry every section; a mark without a section or without its end is an error.
pub(crate) fn replace_all(document: &str, sections: &[(&str, String)]) -> Outcome<String> {
    let mut written = String::with_capacity(document.len());
    let mut rest = document;
    while let Some((before, name, after)) = split_at_mark(rest) {
        let (_, section) = sections
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| format!("no section is called `{name}`"))?;
        let end = format!("<!-- {name}:end -->");
        let (_, following) = after
            .split_once(&end)
            .ok_or_else(|| format!("`{end}` is missing"))?;
        written.push_str(&format!("{before}<!-- {name}:begin -->\n{section}{end}"));
        rest = following;
    }
    written.push_str(rest);
    Ok(written)
}

/// Finds the marked part called `name` in `document`.
pub(crate) fn section<'a>(document: &str, name: &'a str) -> Option<(&'a str, String)> {
    let (_, after) = document.split_once(&format!("<!-- {name}:begin -->\n"))?;
    let (section, _) = after.split_once(&format!("<!-- {name}:end -->"))?;
    Some((name, section.to_owned()))
}

/// Replaces the marked part called `name`, and keeps every other.
pub(crate) fn replace(document: &str, name: &str, new: &str) -> Outcome<String> {
    let (_, old) = section(document, name).ok_or_else(|| format!("no part is marked `{name}`"))?;
    let marked = |text: &str| format!("<!-- {name}:begin -->\n{text}<!-- {name}:end -->");
    Ok(document.replacen(&marked(&old), &marked(new), 1))
}

/// The text before the next opening mark, the mark's name, and the text after it.
fn split_at_mark(text: &str) -> Option<(&str, &str, &str)> {
    const CLOSE: &str = ":begin -->";
    let close = text.find(CLOSE)?;
    let open = text[..close].rfind("<!-- ")?;
    Some((
        &text[..open],
        &text[open + "<!-- ".len()..close],
        &text[close + CLOSE.len()..],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_between_marks_is_replaced_and_the_rest_kept() {
        let document =
            "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n<!-- y:begin --><!-- y:end -->\n";
        let sections = [
            ("x", "new\n".to_owned()),
            ("y", "why\n".to_owned()),
            ("z", "unused\n".to_owned()),
        ];
        let written = replace_all(document, &sections).unwrap();
        assert_eq!(
            written,
            "a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb\n<!-- y:begin -->\nwhy\n<!-- y:end -->\n"
        );
        assert_eq!(
            replace_all(&written, &sections).unwrap(),
            written,
            "writing twice changes nothing"
        );
    }

    #[test]
    fn mark_without_end_is_an_error() {
        let error = replace_all("<!-- x:begin -->\n", &[("x", String::new())]).unwrap_err();
        assert!(error.to_string().contains("x:end"), "{error}");
    }

    #[test]
    fn unknown_mark_is_an_error() {
        let error = replace_all("<!-- x:begin --><!-- x:end -->", &[]).unwrap_err();
        assert!(error.to_string().contains("`x`"), "{error}");
    }

    #[test]
    fn one_part_is_found_and_replaced_among_others() {
        let document =
            "a\n<!-- x:begin -->\nold\n<!-- x:end -->\n<!-- y:begin -->\nz\n<!-- y:end -->\n";
        assert_eq!(section(document, "x"), Some(("x", "old\n".to_owned())));
        assert_eq!(section(document, "z"), None);
        assert_eq!(
            replace(document, "x", "new\n").unwrap(),
            document.replace("old", "new")
        );
        assert!(replace(document, "z", "new\n").is_err());
    }
}
