//! The JSON of shares and comparisons: groups by the names of their columns, figures by emotion.

use fer_core::PerEmotion;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::compare::{Comparison, Difference};
use crate::named::{Named, by_name};
use crate::shares::{Estimate, GroupShares, Shares};

/// A group with the names of its columns.
struct NamedGroup<'a> {
    columns: &'a [String],
    group: &'a GroupShares,
}

/// A corrected share beside the counted one.
#[derive(Serialize)]
struct Share<'a> {
    #[serde(flatten)]
    estimate: Option<&'a Estimate>,
    counted: f64,
}

/// A group without the values of its columns.
pub(crate) struct Group<'a>(pub(crate) &'a GroupShares);

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        group_fields(&mut map, self.0)?;
        map.end()
    }
}

impl Serialize for NamedGroup<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("by", &Named(by_name(self.columns, &self.group.by)))?;
        group_fields(&mut map, self.group)?;
        map.end()
    }
}

/// Writes the counts and the figures of a group.
pub(crate) fn group_fields<M: SerializeMap>(
    map: &mut M,
    group: &GroupShares,
) -> Result<(), M::Error> {
    if let Some(counts) = &group.counts {
        map.serialize_entry("people", &counts.people)?;
        map.serialize_entry("faces", &counts.faces)?;
        map.serialize_entry("effective_faces", &counts.effective_faces)?;
    }
    map.serialize_entry("suppressed", &group.suppressed)?;
    if let Some(counts) = &group.counts {
        let shares = PerEmotion::from_fn(|emotion| Share {
            estimate: group.estimates.as_ref().map(|e| &e.shares[emotion]),
            counted: counts.counted[emotion],
        });
        map.serialize_entry("shares", &shares)?;
    }
    if let Some(estimates) = &group.estimates {
        map.serialize_entry("net", &estimates.net)?;
        map.serialize_entry("expressive", &estimates.expressive)?;
        if let Some(unclear) = &estimates.unclear {
            map.serialize_entry("unclear", unclear)?;
        }
        if let Some(other) = &estimates.other {
            map.serialize_entry("other", other)?;
        }
    }
    if let Some(fit) = &group.fit {
        map.serialize_entry("fit", fit)?;
    }
    if let Some(r_hat) = &group.r_hat {
        map.serialize_entry("r_hat", r_hat)?;
    }
    Ok(())
}

/// As JSON `{"groups": [{"by", "people", "faces", "effective_faces", "suppressed", "shares", "net", ...}], "total"}`.
impl Serialize for Shares {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let groups = named_groups(self);
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("groups", &groups)?;
        map.serialize_entry("total", &total(self))?;
        map.end()
    }
}

fn named_groups(shares: &Shares) -> Vec<NamedGroup<'_>> {
    let columns = &shares.columns;
    let groups = shares.groups.iter();
    groups.map(|group| NamedGroup { columns, group }).collect()
}

fn total(shares: &Shares) -> NamedGroup<'_> {
    NamedGroup {
        columns: &[],
        group: &shares.total,
    }
}

/// Two groups: their values of the first column, and what they have in common in the others.
#[derive(Serialize)]
struct NamedPair<'a, W: Serialize> {
    a: &'a str,
    b: &'a str,
    within: W,
    paired: u64,
    differences: Option<&'a PerEmotion<Difference>>,
    net: Option<&'a Difference>,
}

/// As JSON the pairs beside the groups: `{"pairs": [{"a", "b", "within", "differences", "net", "paired"}], "groups", "total"}`.
impl Serialize for Comparison {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let within = self.shares.columns.get(1..).unwrap_or_default();
        let pairs = self.pairs.iter().map(|pair| {
            let (a, b) = (pair.a.first(), pair.b.first());
            NamedPair {
                a: a.map_or("", String::as_str),
                b: b.map_or("", String::as_str),
                within: Named(by_name(within, pair.a.get(1..).unwrap_or_default())),
                paired: pair.paired,
                differences: pair.differences.as_ref(),
                net: pair.net.as_ref(),
            }
        });
        let pairs: Vec<_> = pairs.collect();
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("pairs", &pairs)?;
        map.serialize_entry("groups", &named_groups(&self.shares))?;
        map.serialize_entry("total", &total(&self.shares))?;
        map.end()
    }
}
