//! Rust source as tokens: just enough to find its imports and its public items.

use std::collections::BTreeSet;

/// Keywords that introduce an item with a name.
const ITEMS: [&str; 8] = [
    "struct", "enum", "trait", "type", "fn", "const", "static", "union",
];

/// Returns the identifiers and punctuation of `source`, without comments, literals and its test modules.
pub(crate) fn of_product(source: &str) -> Vec<String> {
    without_tests(&split(source))
}

/// Splits `source` into identifiers, `::` and single punctuation characters, the quotes of lifetimes among them.
pub(crate) fn split(source: &str) -> Vec<String> {
    let text: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let next = text.get(at + 1).copied().unwrap_or(' ');
        match text[at] {
            '/' if next == '/' => at = end_of(&text, at, "\n"),
            '/' if next == '*' => at = end_of(&text, at + 2, "*/"),
            '"' => at = end_of_string(&text, at + 1),
            '\'' => {
                let start = at;
                at = end_of_quote(&text, at);
                if at == start + 1 {
                    tokens.push("'".to_owned());
                }
            }
            ':' if next == ':' => {
                tokens.push("::".to_owned());
                at += 2;
            }
            c if c.is_alphanumeric() || c == '_' => {
                let start = at;
                while at < text.len() && (text[at].is_alphanumeric() || text[at] == '_') {
                    at += 1;
                }
                let word: String = text[start..at].iter().collect();
                let hashes = text[at..].iter().take_while(|c| **c == '#').count();
                if matches!(word.as_str(), "r" | "br" | "cr") && text.get(at + hashes) == Some(&'"')
                {
                    at = end_of(&text, at + hashes + 1, &format!("\"{}", "#".repeat(hashes)));
                } else {
                    tokens.push(word);
                }
            }
            c if c.is_whitespace() => at += 1,
            c => {
                tokens.push(c.to_string());
                at += 1;
            }
        }
    }
    tokens
}

/// Returns the place after the next `mark`.
fn end_of(text: &[char], from: usize, mark: &str) -> usize {
    let mark: Vec<char> = mark.chars().collect();
    text[from..]
        .windows(mark.len())
        .position(|part| part == mark)
        .map_or(text.len(), |found| from + found + mark.len())
}

fn end_of_string(text: &[char], mut at: usize) -> usize {
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Returns the place after a character literal, or after the quote of a lifetime.
fn end_of_quote(text: &[char], at: usize) -> usize {
    match (text.get(at + 1), text.get(at + 2)) {
        (Some('\\'), _) => end_of(text, at + 3, "'"),
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

/// Removes every `#[cfg(test)] mod name { .. }`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    let mark: Vec<String> = split("#[cfg(test)] mod");
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let body = at + mark.len() + 1;
        if tokens[at..].starts_with(&mark) && tokens.get(body).is_some_and(|token| token == "{") {
            let mut depth = 0;
            at = body;
            loop {
                match tokens.get(at).map(String::as_str) {
                    Some("{") => depth += 1,
                    Some("}") => depth -= 1,
                    None => break,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    break;
                }
            }
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Returns `true` if `tokens` define an item called `name`.
pub(crate) fn defines(tokens: &[String], name: &str) -> bool {
    tokens
        .windows(2)
        .any(|pair| pair[1] == name && ITEMS.contains(&pair[0].as_str()))
        || tokens
            .windows(3)
            .any(|part| part[0] == "macro_rules" && part[1] == "!" && part[2] == name)
}

/// Returns the names of the public items that `tokens` define.
pub(crate) fn public_items(tokens: &[String]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for start in (0..tokens.len()).filter(|at| tokens[*at] == "pub") {
        let mut at = after_visibility(tokens, start);
        while tokens.get(at).is_some_and(|token| {
            matches!(token.as_str(), "unsafe" | "async")
                || token == "const" && tokens.get(at + 1).is_some_and(|next| next == "fn")
        }) {
            at += 1;
        }
        if let Some([item, name]) = tokens.get(at..at + 2)
            && ITEMS.contains(&item.as_str())
        {
            names.insert(name.clone());
        }
    }
    names
}

/// Returns the place after `pub` or `pub(..)` at `at`.
fn after_visibility(tokens: &[String], at: usize) -> usize {
    if tokens.get(at + 1).is_some_and(|token| token == "(") {
        let length = tokens[at..].iter().position(|token| token == ")");
        return length.map_or(tokens.len(), |length| at + length + 1);
    }
    at + 1
}

/// Returns the modules from which `tokens` re-export names: `b` for `pub use b::B`.
pub(crate) fn reexported_modules(tokens: &[String]) -> BTreeSet<String> {
    (0..tokens.len())
        .filter(|at| tokens[*at] == "pub")
        .map(|at| after_visibility(tokens, at))
        .filter(|at| tokens.get(*at).is_some_and(|token| token == "use"))
        .filter_map(|at| {
            let skipped = if tokens.get(at + 1)? == "self" { 2 } else { 0 };
            tokens.get(at + 1 + skipped).cloned()
        })
        .collect()
}

/// Returns the paths that `tokens` import by `use` or name from `crate` or `super`.
pub(crate) fn paths(tokens: &[String]) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "use" => {
                let length = tokens[at..].iter().position(|token| token == ";");
                let end = length.map_or(tokens.len(), |length| at + length);
                tree(&tokens[at + 1..end], &[], &mut paths);
                at = end;
            }
            "crate" | "super" if tokens.get(at + 1).is_some_and(|token| token == "::") => {
                let mut path = vec![tokens[at].clone()];
                while tokens.get(at + 1).is_some_and(|token| token == "::")
                    && tokens.get(at + 2).is_some_and(|token| is_word(token))
                {
                    path.push(tokens[at + 2].clone());
                    at += 2;
                }
                if path.len() > 1 {
                    paths.push(path);
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    paths
}

pub(crate) fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Adds the paths of one `use` tree: `a::{b, c::{d}}` is `a::b` and `a::c::d`.
fn tree(tokens: &[String], prefix: &[String], paths: &mut Vec<Vec<String>>) {
    let mut depth = 0;
    let parts = tokens.split(|token| {
        depth += i32::from(token == "{") - i32::from(token == "}");
        depth == 0 && token == ","
    });
    for part in parts.filter(|part| !part.is_empty()) {
        let named: Vec<String> = part
            .iter()
            .take_while(|token| !matches!(token.as_str(), "{" | "as"))
            .filter(|token| is_word(token))
            .cloned()
            .collect();
        let path = [prefix, &named].concat();
        match part.iter().position(|token| token == "{") {
            Some(open) => tree(&part[open + 1..part.len() - 1], &path, paths),
            None if !path.is_empty() => paths.push(path),
            None => {}
        }
    }
}
