//! Limits of the figures, and the law's line for each purpose.

use crate::document::Estimator;
use crate::kinds::Purpose;

/// Statements that no figure makes; the last line is of those that a reference corrects.
const LIMITS: &[&str] = &[
    "The figures say what faces look like to other people, never what anybody feels, thinks or intends.",
    "No figure is a score of engagement, satisfaction or attention. Net is happy minus sad; expressive is all but neutral.",
    "Only four expressions are told apart. Anger, fear, disgust and pain end up in one of them.",
    "The correction holds for faces and images like those of the reference. Other light, cameras and people bias it by a few \
     points that the intervals do not hold, and so does the luck of the reference's own images where there are a thousand \
     faces or more; labels of these very faces would tell.",
];

/// Returns what the figures do not say.
pub(super) fn limits(estimator: Estimator) -> &'static [&'static str] {
    match estimator {
        Estimator::Reference => LIMITS,
        Estimator::Labels => &LIMITS[..LIMITS.len() - 1],
    }
}

/// Returns what the law asks of a purpose, as far as a page can say it.
pub(super) fn of(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Audience => {
            "In the European Union people must be told that expressions are recognized (AI Act, Art. 50(3)), and their \
             faces are personal data (GDPR)."
        }
        Purpose::Customers => {
            "Customers must be told (AI Act, Art. 50(3)) and can decline; the use is of high risk (Annex III, 1(c)). \
             Employees in the same images must not be analyzed (Art. 5(1)(f))."
        }
        Purpose::Campaign => {
            "Joined with customer data, the figures need consent that can be withdrawn (GDPR, Art. 6, 13 and 21), and people \
             must be told (AI Act, Art. 50(3))."
        }
        Purpose::Workplace => {
            "In the European Union inferring emotions at work and in education is forbidden except for medical or safety \
             reasons, and consent does not change that (AI Act, Art. 5(1)(f)). This page rests on the declared basis."
        }
        Purpose::Clinical => {
            "A measurement for research, no medical device: no figure is a diagnosis, a screening or a cut-off. Health data \
             need a ground under GDPR, Art. 9, and a vote of the ethics committee."
        }
    }
}
