//! Every analysis as JSON, as a flat table, and as a page.

use std::collections::BTreeMap;

use fer_insight::{Every, FlatTable, Origin, RelateOptions, TrendOptions};

use super::{conversation, study, table, timeline_options};

#[test]
fn every_analysis_has_json_a_flat_table_and_a_page() {
    let origin = Origin {
        table: "table.csv".into(),
        command: "fer insight".into(),
    };
    let trend = TrendOptions {
        time: "date".into(),
        every: Every::Week,
    };
    let trend = study(&["site"], "visit")
        .trend(table("satisfaction.csv"), &trend)
        .unwrap();
    let json = serde_json::to_value(&trend).unwrap();
    assert_eq!(json["groups"][0]["periods"].as_array().unwrap().len(), 10);
    assert!(json["groups"][0]["slope"]["net"]["ci95"].is_array());
    let flat = rows_of(&trend.result.flat());
    assert_eq!(flat.len(), 30);
    let periods = json["groups"].as_array().unwrap().iter();
    let periods = periods.flat_map(|group| group["periods"].as_array().unwrap());
    for (row, period) in flat.iter().zip(periods) {
        assert_eq!(row["start"], period["start"].as_str().unwrap());
        let sad = period["shares"]["sad"]["estimate"].as_f64().unwrap();
        assert_eq!(row["sad"], sad.to_string());
    }
    assert_eq!(
        (&*flat[0]["site"], &*flat[29]["site"]),
        ("harbor", "station")
    );
    assert!(trend.page(&origin).unwrap().contains("harbor"));

    let told = conversation(Some("0")).timeline(table("conversation.csv"), &timeline_options());
    let told = told.unwrap();
    let json = serde_json::to_value(&told).unwrap();
    assert!(json["conversations"][0]["episodes"][0]["probability"].is_f64());
    assert!(json["conversations"][0]["change"]["net"]["ci95"].is_array());
    let first = &json["conversations"][0]["episodes"][0];
    assert_eq!(
        rows_of(&told.result.flat())[0]["emotion"],
        first["emotion"].as_str().unwrap()
    );
    assert!(told.page(&origin).unwrap().contains("greeting"));

    let relate = RelateOptions {
        outcome: "csat".into(),
    };
    let relation = study(&[], "visit")
        .relate(table("satisfaction.csv"), &relate)
        .unwrap();
    let json = serde_json::to_value(&relation).unwrap();
    assert_eq!(json["measure"], "spearman");
    assert!(json["net"]["p"].is_f64());
    let net = &rows_of(&relation.result.flat())[4];
    assert_eq!(
        net["estimate"],
        json["net"]["estimate"].as_f64().unwrap().to_string()
    );
    assert!(relation.page(&origin).unwrap().contains("third by net"));
}

/// The rows of a flat table by the names of its columns, as its CSV has them.
fn rows_of(flat: &FlatTable) -> Vec<BTreeMap<String, String>> {
    let csv = flat.to_csv().unwrap();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}
