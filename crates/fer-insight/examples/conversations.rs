//! Measures how much of simulated conversations `timeline` tells right, beside each frame's answer by itself.
//!
//! `cargo run --release -p fer-insight --example conversations [CONVERSATIONS [EVALUATION.json]]`, 60 by default.
//!
//! Each lasts five minutes at five frames a second. States last 3 s (happy), 4 s (sad), 8 s (neutral) or 1.2 s (surprise)
//! on average; a look lasts 0.4 s, so errors repeat. Looks are faces with a majority for the state of the JSON that
//! `fer evaluate --votes` wrote of an image folder, under natural priors; without it, one of the sixteen answers that the
//! reference of the tests counts for the state.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/simulation/mod.rs"]
mod simulation;
#[path = "../tests/simulation/voted.rs"]
mod voted;

use std::fmt::Write;

use fer_core::PerEmotion;
use fer_insight::{
    Columns, Csv, Declaration, Purpose, Reference, ShareOptions, Study, TimelineOptions,
};
use simulation::{World, answer};
use voted::Voted;

const FRAMES: usize = 1500;
const FRAMES_PER_SECOND: f64 = 5.0;
const LOOK: f64 = 0.4;
const SHARES: [f64; 4] = [0.2, 0.05, 0.65, 0.1];
const DWELL: [f64; 4] = [3.0, 4.0, 8.0, 1.2];
/// Class mix of the images that `crowd` was trained on.
const CLASS_MIX: [f64; 4] = [0.392, 0.140, 0.350, 0.118];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().map_or(60, |text| text.parse().unwrap());
    let faces = arguments.next().map(|file| voted::read(&file));
    let mut world = World::new(6);
    let mut table = String::from("path,person,time,happy,sad,neutral,surprise\n");
    let mut conversations = Vec::new();
    for number in 0..count {
        let states = states(&mut world);
        let answers = answers(&mut world, &states, faces.as_deref());
        for (frame, p) in answers.iter().enumerate() {
            let time = frame as f64 / FRAMES_PER_SECOND;
            let [happy, sad, neutral, surprise] = p;
            writeln!(
                table,
                "{number:03}.mp4,0,{time},{happy},{sad},{neutral},{surprise}"
            )
            .unwrap();
        }
        conversations.push((states, answers));
    }
    let study = Study {
        columns: Columns {
            only: vec![("person".into(), "0".into())],
            ..Columns::default()
        },
        declaration: Declaration {
            purpose: Purpose::Customers,
            ..Declaration::default()
        },
        model: "crowd".into(),
        reference: Reference::named("crowd").unwrap(),
        options: ShareOptions {
            draws: 100,
            ..ShareOptions::default()
        },
    };
    let options = TimelineOptions {
        class_mix: PerEmotion(CLASS_MIX),
        markers: Vec::new(),
    };
    let told = study.timeline(Csv(table.as_bytes()), &options).unwrap();
    let (mut by_frame, mut by_timeline) = (Score::default(), Score::default());
    for (conversation, (states, answers)) in told.result.conversations.iter().zip(&conversations) {
        by_frame.add(states, answers);
        by_timeline.add(states, &conversation.course.probabilities);
    }
    println!("{:16} states right  segments per true one", "");
    by_frame.print("frame by frame");
    by_timeline.print("timeline");
}

/// Draws the true state of each frame.
fn states(world: &mut World) -> Vec<usize> {
    let mut states = Vec::new();
    let mut state = world.pick(&SHARES);
    while states.len() < FRAMES {
        let seconds = -DWELL[state] * (1.0 - world.uniform()).ln();
        let frames = ((seconds * FRAMES_PER_SECOND) as usize).max(2);
        states.extend(std::iter::repeat_n(state, frames));
        let mut others: [f64; 4] = std::array::from_fn(|k| SHARES[k] / DWELL[k]);
        others[state] = 0.0;
        state = world.pick(&others);
    }
    states.truncate(FRAMES);
    states
}

/// Draws the model's answer to each frame: another look with each state, and every 0.4 s on average.
fn answers(world: &mut World, states: &[usize], faces: Option<&[Voted]>) -> Vec<[f64; 4]> {
    let of_state = |state: usize| {
        let faces = faces.unwrap_or_default().iter();
        faces.filter(|face| face.majority == Some(state)).collect()
    };
    let by_state: [Vec<&Voted>; 4] = std::array::from_fn(of_state);
    let mut answers: Vec<[f64; 4]> = Vec::new();
    for (frame, &state) in states.iter().enumerate() {
        let stays = frame > 0
            && states[frame - 1] == state
            && world.uniform() > 1.0 / (LOOK * FRAMES_PER_SECOND);
        let next = if stays {
            answers[frame - 1]
        } else {
            match by_state[state].len() {
                0 => answer(world.bin(state)),
                all => by_state[state][(world.uniform() * all as f64) as usize].probabilities,
            }
        };
        answers.push(next);
    }
    answers
}

#[derive(Default)]
struct Score {
    right: usize,
    steps: usize,
    segments: usize,
    true_segments: usize,
}

impl Score {
    fn add(&mut self, states: &[usize], probabilities: &[[f64; 4]]) {
        assert_eq!(states.len(), probabilities.len());
        let top = |p: &[f64; 4]| (0..4).max_by(|&a, &b| p[a].total_cmp(&p[b])).unwrap();
        let found: Vec<usize> = probabilities.iter().map(top).collect();
        self.right += states.iter().zip(&found).filter(|(a, b)| a == b).count();
        self.steps += states.len();
        self.segments += segments(&found);
        self.true_segments += segments(states);
    }

    fn print(&self, name: &str) {
        let right = self.right as f64 / self.steps as f64;
        let segments = self.segments as f64 / self.true_segments as f64;
        println!("{name:16} {right:12.3} {segments:22.2}");
    }
}

fn segments(states: &[usize]) -> usize {
    1 + states.windows(2).filter(|pair| pair[0] != pair[1]).count()
}
