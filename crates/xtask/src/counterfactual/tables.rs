//! The tables of the model card.

use std::fmt::Write;

use super::answers::{Answers, Arm, CLASSES, difference, mean};
use crate::Outcome;

/// Skin tones drawn, from the lightest to the darkest.
const TONES: usize = 6;

/// Colors of hair drawn; each short and long.
const HAIR: [&str; 5] = ["black", "dark-brown", "brown", "blond", "gray"];
const LENGTHS: [&str; 2] = ["short", "long"];

/// Writes the tables of skin tone, glasses and hair.
pub(super) fn section(answers: &[Answers]) -> Outcome<String> {
    let mut text = String::new();
    for table in [tones_table, glasses_table, hair_table] {
        text.push_str(&table(answers)?);
        text.push('\n');
    }
    Ok(text)
}

/// Lists the classes, and all of them together.
fn rows() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    CLASSES
        .into_iter()
        .map(|class| (class, Some(class)))
        .chain([("all", None)])
}

fn tone(tone: usize) -> String {
    format!("tone-{tone}")
}

fn with_glasses(variant: &str) -> String {
    format!("{variant}-glasses")
}

fn tones_table(answers: &[Answers]) -> Outcome<String> {
    let mut table = String::from(
        "Skin tone, without glasses: share of right answers from the lightest tone to the darkest.\n\n\
         | model | class | persons | lightest | 2 | 3 | 4 | 5 | darkest | darkest - lightest [95 %] |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|---|\n",
    );
    for model in answers {
        for (name, class) in rows() {
            let by_tone = (0..TONES)
                .map(|at| model.right(Arm::Skin, &tone(at), class))
                .collect::<Outcome<Vec<_>>>()?;
            write!(
                table,
                "| `{}` | {name} | {} |",
                model.model,
                by_tone[0].len()
            )?;
            for right in &by_tone {
                write!(table, " {:.3} |", mean(right))?;
            }
            let change = change(&by_tone[0], &by_tone[TONES - 1]);
            writeln!(table, " {change} |")?;
        }
    }
    Ok(table)
}

fn glasses_table(answers: &[Answers]) -> Outcome<String> {
    let mut table = String::from(
        "Glasses, mean of the six tones.\n\n\
         | model | class | persons | without | with | with - without [95 %] |\n\
         |---|---|---:|---:|---:|---|\n",
    );
    let without: Vec<String> = (0..TONES).map(tone).collect();
    let with: Vec<String> = without.iter().map(|name| with_glasses(name)).collect();
    for model in answers {
        for (name, class) in rows() {
            let without = model.mean_right(Arm::Skin, &without, class)?;
            let with = model.mean_right(Arm::Skin, &with, class)?;
            writeln!(
                table,
                "| `{}` | {name} | {} | {:.3} | {:.3} | {} |",
                model.model,
                without.len(),
                mean(&without),
                mean(&with),
                change(&without, &with)
            )?;
        }
    }
    Ok(table)
}

fn hair_table(answers: &[Answers]) -> Outcome<String> {
    let mut table = String::from(
        "Hair (the brows have its color), without glasses, each person in a tone of their own; colors are the mean of short and long.\n\n\
         | model | class | persons | black | dark brown | brown | blond | gray | bald | gray - black [95 %] | long - short [95 %] |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|---|---|\n",
    );
    let variants = |color: &str| LENGTHS.map(|length| format!("{color}-{length}")).to_vec();
    let lengths = |length: &str| HAIR.map(|color| format!("{color}-{length}")).to_vec();
    for model in answers {
        for (name, class) in rows() {
            let by_color = HAIR
                .iter()
                .map(|color| model.mean_right(Arm::Hair, &variants(color), class))
                .collect::<Outcome<Vec<_>>>()?;
            let bald = model.right(Arm::Hair, "bald", class)?;
            write!(table, "| `{}` | {name} | {} |", model.model, bald.len())?;
            for right in by_color.iter().chain([&bald]) {
                write!(table, " {:.3} |", mean(right))?;
            }
            let [short, long] =
                LENGTHS.map(|length| model.mean_right(Arm::Hair, &lengths(length), class));
            writeln!(
                table,
                " {} | {} |",
                change(&by_color[0], &by_color[HAIR.len() - 1]),
                change(&short?, &long?)
            )?;
        }
    }
    Ok(table)
}

fn change(first: &[f64], second: &[f64]) -> String {
    let (difference, [low, high]) = difference(first, second);
    format!("{difference:+.3} [{low:+.3}, {high:+.3}]")
}
