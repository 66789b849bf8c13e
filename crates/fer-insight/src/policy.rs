//! The purpose of an analysis decides what may be shown.
//!
//! The rules follow the European AI Act, Art. 5(1)(f) above all: inferring emotions at work and in education is forbidden
//! except for medical or safety reasons, whatever the persons agree to. They are no legal advice.

use crate::kinds::{Analysis, Basis, Purpose};
use crate::{Error, Result};

/// The smallest number of people of a cell by default.
const MIN_PEOPLE: u64 = 10;

/// The smallest number of people that an audience may be lowered to.
const MIN_AUDIENCE: u64 = 5;

/// The purpose of an analysis and the facts that its rules ask for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Declaration {
    /// The use.
    pub purpose: Purpose,
    /// The lawful ground, for [`Purpose::Workplace`].
    pub basis: Option<Basis>,
    /// The smallest number of people of a cell; the purpose's own without it.
    pub min_people: Option<u64>,
    /// `true` if clusters stand for people.
    pub clustered: bool,
    /// `true` if rows without consent are dropped at reading.
    pub consent: bool,
    /// `true` if customer data are joined.
    pub joined: bool,
    /// `true` if the figures rest on own labels of each group.
    pub labels: bool,
    /// The largest number of people in one timeline.
    pub people_per_timeline: Option<u64>,
    /// The length of a period in days, for trends.
    pub period_days: Option<f64>,
}

impl Declaration {
    /// Checks that the purpose allows the analysis, and returns the smallest number of people of a cell.
    ///
    /// ```
    /// use fer_insight::{Analysis, Basis, Declaration, Purpose};
    ///
    /// let mut declared = Declaration { purpose: Purpose::Workplace, clustered: true, consent: true, ..Default::default() };
    /// assert!(declared.check(Analysis::Shares).is_err());
    /// declared.basis = Some(Basis::Safety);
    /// assert_eq!(declared.check(Analysis::Shares)?, 10);
    /// # Ok::<(), fer_insight::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Refused`] with the rule and the remedy.
    pub fn check(&self, analysis: Analysis) -> Result<u64> {
        let refuse = |reason: &str| {
            Err(Error::Refused {
                purpose: self.purpose,
                analysis,
                reason: reason.into(),
            })
        };
        if analysis == Analysis::Units
            && self.purpose != Purpose::Campaign
            && self.purpose != Purpose::Clinical
        {
            return refuse("figures of single persons are not shown; use a group");
        }
        match self.purpose {
            Purpose::Audience => {}
            Purpose::Customers => {
                if analysis == Analysis::Timeline && self.people_per_timeline != Some(1) {
                    return refuse("choose the customer with a filter: the clerk is an employee");
                }
            }
            Purpose::Campaign => {
                if (analysis == Analysis::Units || self.joined) && !self.consent {
                    return refuse(
                        "rows joined with customer data or kept by person need a consent column",
                    );
                }
            }
            Purpose::Workplace => self.check_workplace(analysis)?,
            Purpose::Clinical => {
                if !self.consent {
                    return refuse("records of patients need a consent column");
                }
                if analysis != Analysis::Baseline && !self.labels {
                    return refuse("group figures need labels of one's own from each group");
                }
            }
        }
        self.min_people(analysis)
    }

    fn check_workplace(&self, analysis: Analysis) -> Result<()> {
        let refuse = |reason: &str| {
            Err(Error::Refused {
                purpose: self.purpose,
                analysis,
                reason: reason.into(),
            })
        };
        if self.basis.is_none() {
            return refuse(
                "AI Act Art. 5(1)(f) forbids inferring emotions at work and in education in the European Union except \
                 for medical or safety reasons, and consent does not change that; ask people instead, or declare the \
                 basis: outside-eu, safety or medical",
            );
        }
        if matches!(
            analysis,
            Analysis::Timeline | Analysis::Baseline | Analysis::Relate
        ) {
            return refuse("only figures of groups are shown");
        }
        if !self.clustered || !self.consent {
            return refuse("a cluster column and a consent column are needed");
        }
        if analysis == Analysis::Trend && self.period_days.is_none_or(|days| days < 7.0) {
            return refuse("periods must last a week or longer");
        }
        Ok(())
    }

    fn min_people(&self, analysis: Analysis) -> Result<u64> {
        let own_record = self.purpose == Purpose::Clinical
            && matches!(analysis, Analysis::Baseline | Analysis::Units);
        let (default, lowest) = match (self.purpose, analysis) {
            _ if own_record => (1, 1),
            (Purpose::Customers, Analysis::Timeline) => (1, 1),
            (Purpose::Campaign, Analysis::Units) => (1, 1),
            (Purpose::Audience, _) => (MIN_PEOPLE, MIN_AUDIENCE),
            _ => (MIN_PEOPLE, MIN_PEOPLE),
        };
        match self.min_people {
            Some(found) if found < lowest => Err(Error::InvalidArgument {
                name: "min_people",
                expected: format!("at least {lowest} for the purpose {}", self.purpose),
                found: found.to_string(),
            }),
            chosen => Ok(chosen.unwrap_or(default)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declare(purpose: Purpose) -> Declaration {
        Declaration {
            purpose,
            basis: Some(Basis::OutsideEu),
            clustered: true,
            consent: true,
            labels: true,
            period_days: Some(7.0),
            ..Default::default()
        }
    }

    #[test]
    fn work_needs_a_basis_and_shows_no_person_and_no_day() {
        let work = declare(Purpose::Workplace);
        assert_eq!(work.check(Analysis::Trend).unwrap(), 10);
        for (refused, analysis) in [
            (
                Declaration {
                    basis: None,
                    ..work
                },
                Analysis::Shares,
            ),
            (
                Declaration {
                    consent: false,
                    ..work
                },
                Analysis::Shares,
            ),
            (
                Declaration {
                    clustered: false,
                    ..work
                },
                Analysis::Compare,
            ),
            (
                Declaration {
                    period_days: Some(1.0),
                    ..work
                },
                Analysis::Trend,
            ),
            (
                Declaration {
                    min_people: Some(9),
                    ..work
                },
                Analysis::Shares,
            ),
            (work, Analysis::Timeline),
            (work, Analysis::Baseline),
            (work, Analysis::Relate),
            (work, Analysis::Units),
        ] {
            assert!(refused.check(analysis).is_err(), "{refused:?} {analysis}");
        }
        let error = Declaration {
            basis: None,
            ..work
        }
        .check(Analysis::Shares)
        .unwrap_err();
        assert!(error.to_string().contains("Art. 5(1)(f)"), "{error}");
    }

    #[test]
    fn each_purpose_has_its_smallest_cell_and_refusals() {
        let audience = declare(Purpose::Audience);
        assert_eq!(audience.check(Analysis::Shares).unwrap(), 10);
        assert_eq!(
            Declaration {
                min_people: Some(5),
                ..audience
            }
            .check(Analysis::Shares)
            .unwrap(),
            5
        );
        assert!(
            Declaration {
                min_people: Some(4),
                ..audience
            }
            .check(Analysis::Shares)
            .is_err()
        );
        assert!(audience.check(Analysis::Units).is_err());
        let customers = declare(Purpose::Customers);
        assert!(customers.check(Analysis::Timeline).is_err());
        let one = Declaration {
            people_per_timeline: Some(1),
            ..customers
        };
        assert_eq!(one.check(Analysis::Timeline).unwrap(), 1);
        let campaign = Declaration {
            joined: true,
            ..declare(Purpose::Campaign)
        };
        assert_eq!(campaign.check(Analysis::Compare).unwrap(), 10);
        assert!(
            Declaration {
                consent: false,
                ..campaign
            }
            .check(Analysis::Compare)
            .is_err()
        );
        let clinical = declare(Purpose::Clinical);
        assert_eq!(clinical.check(Analysis::Baseline).unwrap(), 1);
        assert!(
            Declaration {
                labels: false,
                ..clinical
            }
            .check(Analysis::Compare)
            .is_err()
        );
    }
}
