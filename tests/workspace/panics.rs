//! Places in the parsers that panic on a number that is too large: each is bounded by the code around it, and a new one is seen.

use std::path::Path;

use walkdir::WalkDir;

use super::{root, tokens};

/// Files and folders under `crates` that read what a stranger may have written.
const PARSERS: [&str; 32] = [
    "fer-core/src/config.rs",
    "fer-core/src/decode",
    "fer-core/src/decode.rs",
    "fer-core/src/framing/net.rs",
    "fer-core/src/image.rs",
    "fer-core/src/model",
    "fer-core/src/model.rs",
    "fer-core/src/read.rs",
    "fer-core/src/text.rs",
    "fer-core/src/walk.rs",
    "fer-insight/src/arrow_cells.rs",
    "fer-insight/src/arrow_table.rs",
    "fer-insight/src/column_table.rs",
    "fer-insight/src/csv_number.rs",
    "fer-insight/src/csv_rows.rs",
    "fer-insight/src/csv_table.rs",
    "fer-insight/src/join.rs",
    "fer-insight/src/parquet_rows.rs",
    "fer-insight/src/parquet_table.rs",
    "fer-insight/src/period.rs",
    "fer-insight/src/reference/file.rs",
    "fer-insight/src/sheet.rs",
    "fer-insight/src/table_file.rs",
    "fer-train/src/checkpoint.rs",
    "fer-train/src/config",
    "fer-train/src/config.rs",
    "fer-train/src/csv_rows.rs",
    "fer-train/src/groups.rs",
    "fer-train/src/read.rs",
    "fer-train/src/votes.rs",
    "fer-vision/src/given.rs",
    "fer-vision/src/video.rs",
];

/// Expressions `x[..]` of the parsers, by file. Files that are not here have none.
const INDEXED: [(&str, usize); 28] = [
    ("fer-core/src/decode/gif.rs", 6),
    ("fer-core/src/decode/jpeg/bits.rs", 5),
    ("fer-core/src/decode/jpeg/color.rs", 1),
    ("fer-core/src/decode/jpeg/huffman.rs", 7),
    ("fer-core/src/decode/jpeg/scan.rs", 17),
    ("fer-core/src/decode/jpeg/segments.rs", 3),
    ("fer-core/src/decode/jpeg/transform.rs", 35),
    ("fer-core/src/decode/jpeg/upsample.rs", 8),
    ("fer-core/src/decode/jpeg.rs", 14),
    ("fer-core/src/decode/tiff/jpeg_chunks.rs", 2),
    ("fer-core/src/decode/tiff.rs", 2),
    ("fer-core/src/framing/net.rs", 8),
    ("fer-core/src/image.rs", 3),
    ("fer-core/src/model/storage.rs", 3),
    ("fer-core/src/model.rs", 1),
    ("fer-insight/src/arrow_cells.rs", 6),
    ("fer-insight/src/column_table.rs", 7),
    ("fer-insight/src/csv_number.rs", 3),
    ("fer-insight/src/csv_rows.rs", 13),
    ("fer-insight/src/csv_table.rs", 1),
    ("fer-insight/src/join.rs", 3),
    ("fer-insight/src/parquet_rows.rs", 17),
    ("fer-insight/src/period.rs", 1),
    ("fer-insight/src/reference/file.rs", 1),
    ("fer-insight/src/sheet.rs", 2),
    ("fer-train/src/groups.rs", 2),
    ("fer-train/src/votes.rs", 4),
    ("fer-vision/src/video.rs", 2),
];

/// Calls and macros that panic, none of which a parser has. Assertions state what a caller must not do.
const PANICS: [&str; 6] = [
    "unwrap",
    "expect",
    "panic",
    "unreachable",
    "todo",
    "unimplemented",
];

/// Words before `[` that do not make it an index.
const KEYWORDS: [&str; 12] = [
    "as", "const", "dyn", "else", "for", "if", "in", "let", "match", "mut", "return", "where",
];

#[test]
fn parsers_index_where_it_was_looked_at_and_never_unwrap() {
    let crates = root().join("crates");
    let mut found = Vec::new();
    for file in PARSERS
        .iter()
        .flat_map(|path| rust_files(&crates.join(path)))
    {
        let source = std::fs::read_to_string(&file).unwrap();
        let tokens = tokens::of_product(&source);
        let name = file.strip_prefix(&crates).unwrap();
        let name = name.to_string_lossy().replace('\\', "/");
        let panics = tokens
            .windows(2)
            .find(|pair| PANICS.contains(&pair[0].as_str()) && matches!(&*pair[1], "(" | "!"));
        assert_eq!(panics, None, "{name}");
        found.push((name, count_indices(&tokens)));
    }
    found.retain(|(_, count)| *count > 0);
    let known = INDEXED.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(
        found, known,
        "use `get`, or see that no input reaches beyond the end and correct the count"
    );
}

/// Lists the Rust files at or below `path` in the order of their names, files of tests apart.
fn rust_files(path: &Path) -> Vec<std::path::PathBuf> {
    let entries = WalkDir::new(path).sort_by_file_name().into_iter();
    entries
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| !path.components().any(|part| part.as_os_str() == "tests"))
        .filter(|path| !path.ends_with("tests.rs"))
        .collect()
}

/// Counts the brackets that stand behind a value.
fn count_indices(tokens: &[String]) -> usize {
    let is_value = |token: &str| {
        matches!(token, ")" | "]") || tokens::is_word(token) && !KEYWORDS.contains(&token)
    };
    (1..tokens.len())
        .filter(|&at| tokens[at] == "[" && is_value(&tokens[at - 1]))
        .filter(|&at| at < 2 || tokens[at - 2] != "'")
        .count()
}

#[test]
fn indices_are_told_from_types_arrays_patterns_and_attributes() {
    let count = |source: &str| count_indices(&tokens::split(source));
    assert_eq!(count("a[0] + b()[1..] + c[i][j]"), 4);
    assert_eq!(
        count("fn f<'a>(x: &'a [u8], y: &mut [u8; 4]) -> [u8; 2]"),
        0
    );
    assert_eq!(
        count("#[inline] let [a, ..] = vec![1]; for x in [1, 2] {}"),
        0
    );
    assert_eq!(count("// a[0]\n\"b[1]\"; 'c'; x"), 0);
}
