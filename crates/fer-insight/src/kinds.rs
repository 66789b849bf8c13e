//! Purposes of an analysis, grounds for it, and the analyses themselves.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The use that an analysis is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Responses of an audience as a whole.
    #[default]
    Audience,
    /// Conversations with customers; never the staff.
    Customers,
    /// Responses to a campaign, joined with customer data.
    Campaign,
    /// Work or education.
    Workplace,
    /// Records of patients and clinical research.
    Clinical,
}

/// The ground on which an analysis at work or in education is lawful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Not in the European Union.
    OutsideEu,
    /// Safety reasons.
    Safety,
    /// Medical reasons.
    Medical,
}

/// The analysis to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Analysis {
    /// Shares by group.
    Shares,
    /// Differences between groups.
    Compare,
    /// Shares by period.
    Trend,
    /// One row for each person.
    Units,
    /// The course of conversations.
    Timeline,
    /// Sessions of one person against that person's baseline.
    Baseline,
    /// Association with an outcome.
    Relate,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Audience => "audience",
            Self::Customers => "customers",
            Self::Campaign => "campaign",
            Self::Workplace => "workplace",
            Self::Clinical => "clinical",
        })
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutsideEu => "outside the European Union",
            Self::Safety => "safety",
            Self::Medical => "medical",
        })
    }
}

impl fmt::Display for Analysis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shares => "shares",
            Self::Compare => "compare",
            Self::Trend => "trend",
            Self::Units => "units",
            Self::Timeline => "timeline",
            Self::Baseline => "baseline",
            Self::Relate => "relate",
        })
    }
}
