"""Answers about many faces, from any data frame."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import fer
from fer import insight
from fer._insight_options import DEFAULTS, SHARE_DEFAULTS

TABLES = Path(__file__).resolve().parents[2] / "examples" / "insight"


def rows(table):
    with (TABLES / f"{table}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def visits():
    return insight.shares(TABLES / "satisfaction.csv", by="site", cluster="visit", draws=500)


def test_columns_by_name_and_own_tables_are_frames(visits):
    found = rows("satisfaction")
    columns = {name: [row[name] for row in found] for name in found[0]}
    for frame in (columns, fer.Table(columns)):
        assert insight.shares(frame, by="site", cluster="visit", draws=500) == visits


def test_shares_hold_the_truth_and_draws_belong_to_the_rows(visits):
    truth = json.loads((TABLES / "truth.json").read_text(encoding="utf-8"))["satisfaction"]
    held = [
        row[f"{emotion}_low"] <= truth[row["site"]][emotion] <= row[f"{emotion}_high"]
        for row in visits.table
        for emotion in fer.EMOTIONS
    ]
    assert sum(held) >= 11
    assert visits.draws.shape == (500, 3, 4)
    assert np.allclose(visits.draws.sum(2), 1)
    assert np.allclose(visits.draws.mean(0)[:, 0], visits.table["happy"])


def test_results_are_immutable_and_show_themselves(visits, tmp_path):
    with pytest.raises(AttributeError):
        visits.table = None
    assert "of 100 people would say" in visits._repr_html_()
    assert visits.headline in repr(visits)
    visits.to_html(tmp_path / "visits.html")
    assert "How far to trust it" in (tmp_path / "visits.html").read_text(encoding="utf-8")
    with pytest.raises(fer.OutputError):
        visits.to_html(tmp_path / "absent" / "visits.html")


def test_comparison_trend_and_relation():
    table = TABLES / "campaign.csv"
    compared = insight.compare(
        table, by="campaign", versus="control", cluster="customer_id", permutations=999
    )
    assert [row["a"] for row in compared.table] == ["film A", "film B"]
    assert compared.table[0]["happy_p_adjusted"] < 0.05
    visits = TABLES / "satisfaction.csv"
    trend = insight.trend(visits, time="date", every="week", by="site", cluster="visit", draws=300)
    assert len(trend.table) == 30
    assert trend.to_dict()["groups"][0]["slope"]["net"]["periods"] == 10
    relation = insight.relate(visits, cluster="visit", outcome="csat")
    assert relation.table[4]["figure"] == "net"
    assert relation.table[4]["low"] > 0


def test_a_conversation_and_sessions():
    video = TABLES / "conversation.csv"
    told = insight.timeline(
        video,
        where={"person": 0},
        purpose="customers",
        markers=[{"time": 38, "label": "greeting"}],
        draws=300,
    )
    assert told.courses[0].shape == (1200, 4)
    assert told.to_dict()["conversations"][0]["markers"][0]["net"]["p"] < 0.05
    table = fer.Table.from_rows([row for row in rows("conversation") if row["person"] == "0"])
    one_video = fer.Table({name: table[name] for name in table.columns if name != "path"})
    again = insight.timeline(one_video, purpose="customers", draws=300)
    assert np.array_equal(again.courses[0], told.courses[0])
    sessions = insight.baseline(
        TABLES / "sessions.csv",
        subject="patient",
        session="visit",
        phase="phase",
        baseline="A",
        consent="agreed",
    )
    assert [subject["nap"] > 0.9 for subject in sessions.to_dict()["subjects"]] == [True, False, False]


def test_refusals_and_bad_tables_are_errors_of_their_own():
    with pytest.raises(fer.PolicyError, match="Art"):
        insight.shares(TABLES / "town_hall.csv", by="site", cluster="badge", purpose="workplace")
    with pytest.raises(
        fer.DatasetError, match="row 1: probabilities must sum to 1: these are percents"
    ) as error:
        insight.shares({"happy": [90.0], "sad": [5.0], "neutral": [5.0], "surprise": [0.0]})
    assert error.value.kind == "invalid_table"
    with pytest.raises(fer.DatasetError, match='no column "where"'):
        insight.shares(TABLES / "satisfaction.csv", by="where")
    with pytest.raises(fer.DatasetNotFoundError):
        insight.shares("absent.csv")
    with pytest.raises(fer.ConfigError, match="purpose"):
        insight.shares(TABLES / "satisfaction.csv", purpose="fun")
    with pytest.raises(TypeError, match="expected a table"):
        insight.shares(3)


def test_options_have_defaults_and_no_others_are_taken():
    assert set(SHARE_DEFAULTS) == set(insight.ShareOptions.__annotations__)
    assert set(DEFAULTS) == set(insight.StudyOptions.__annotations__)
    table = TABLES / "satisfaction.csv"
    with pytest.raises(fer.ConfigError, match="unknown option 'levels': did you mean level"):
        insight.shares(table, levels=0.9)
    with pytest.raises(fer.ConfigError, match="unknown option 'weight'"):
        insight.relate(table, cluster="visit", outcome="csat", weight="faces")
