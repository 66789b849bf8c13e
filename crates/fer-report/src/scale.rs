//! Scales and round numbers of axes.

/// A linear scale from values to coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) values: (f64, f64),
    pub(crate) coordinates: (f64, f64),
}

impl Scale {
    pub(crate) fn at(&self, value: f64) -> f64 {
        let (low, high) = self.values;
        let share = if high > low {
            (value - low) / (high - low)
        } else {
            0.5
        };
        round(self.coordinates.0 + share * (self.coordinates.1 - self.coordinates.0))
    }
}

/// Returns about `count` round numbers that cover `low` to `high`: 1, 2 or 5 times a power of ten apart.
pub(crate) fn ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    if !(low.is_finite() && high.is_finite()) {
        return Vec::new();
    }
    let span = if high > low {
        high - low
    } else {
        high.abs().max(1.0) * 0.1
    };
    let rough = span / count as f64;
    let power = 10.0_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let (first, last) = ((low / step).floor() as i64, (high / step).ceil() as i64);
    // Rounding can put a multiple of the step just inside the value that it has to cover.
    let first = first - i64::from(first as f64 * step > low);
    let last = last + i64::from((last as f64) * step < high);
    (first..=last.max(first + 1))
        .map(|multiple| multiple as f64 * step)
        .collect()
}

/// Returns the range of an axis: that of its ticks.
pub(crate) fn bounds(ticks: &[f64], low: f64, high: f64) -> (f64, f64) {
    match (ticks.first(), ticks.last()) {
        (Some(&first), Some(&last)) => (first, last),
        _ => (low, high),
    }
}

/// Formats a value in as few digits as tell ticks apart.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Rounds to a hundredth of an SVG unit; finer differences are invisible.
pub(crate) fn round(coordinate: f64) -> f64 {
    (coordinate * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        assert_eq!(
            ticks(0.0, 1.0, 5),
            [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]
        );
        assert_eq!(ticks(3.0, 47.0, 5), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert!(ticks(f64::NAN, 1.0, 5).is_empty());
        let constant = ticks(0.7, 0.7, 5);
        assert!(constant[0] <= 0.7 && constant[constant.len() - 1] >= 0.7 && constant.len() >= 2);
    }
}
