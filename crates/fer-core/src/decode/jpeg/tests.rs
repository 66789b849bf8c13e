//! Damaged files, without the net that catches panics of decoders.

use super::decode;

const FILES: &[u8] = include_bytes!("../../../../../tests/data/jpeg/corpus.bin");
const LIST: &str = include_str!("../../../../../tests/data/jpeg/corpus.json");

/// Changes of each file of the corpus.
const ROUNDS: usize = 40;

#[test]
fn whatever_happens_to_a_file_it_is_an_image_or_an_error() {
    let entries: Vec<serde_json::Value> = serde_json::from_str(LIST).unwrap();
    let mut state = 7u64;
    let mut random = |below: usize| {
        // Numerical Recipes' LCG; the upper bits are the good ones.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let (mut rest, mut images, mut errors) = (FILES, 0, 0);
    for entry in entries {
        let (file, after) = rest.split_at(entry["bytes"].as_u64().unwrap() as usize);
        rest = after;
        for _ in 0..ROUNDS {
            let mut bytes = file.to_vec();
            for _ in 0..=random(4) {
                let at = random(bytes.len());
                match random(4) {
                    0 => bytes[at] = random(256) as u8,
                    1 => bytes[at] ^= 1 << random(8),
                    2 => bytes.truncate(at + 1),
                    _ => {
                        let end = (at + random(40)).min(bytes.len());
                        let part = bytes[at..end].to_vec();
                        let to = random(bytes.len());
                        bytes.splice(to..to, part);
                    }
                }
            }
            // Sizes of a damaged header are refused as large ones are, to spend the time on the rest.
            let too_large = || super::failure::unsupported("a large image");
            let check = |width: u32, height: u32, _| match width * height {
                0..=40_000 => Ok(()),
                _ => Err(too_large()),
            };
            match decode(&bytes, None, check) {
                Ok(decoded) => {
                    let channels = if decoded.is_gray { 1 } else { 3 };
                    let pixels = decoded.width as usize * decoded.height as usize;
                    assert_eq!(decoded.pixels.len(), pixels * channels);
                    images += 1;
                }
                Err(_) => errors += 1,
            }
        }
    }
    assert!(
        images > 1000 && errors > 1000,
        "{images} images, {errors} errors"
    );
}
