"""Sheets of faces to label, drawn from any table, and the agreement of those who labeled them."""

import csv
import io
import json
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.csv
import pytest

import fer
from fer import insight

CONVERSATION = Path(__file__).resolve().parents[2] / "examples" / "insight" / "conversation.csv"
LABELS = ("happy", "sad", "neutral", "surprise", "other", "cannot_tell")


def run(*arguments):
    return fer._fer.run_cli(["fer", *map(str, arguments)])


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Three hundred faces in photos, of sixty people who agreed or did not."""
    file = tmp_path_factory.mktemp("sheets") / "faces.csv"
    faces = insight.simulate(dict.fromkeys(fer.EMOTIONS, 0.25), people=60, faces_per_person=5).to_pandas()
    faces["face"], faces["badge"] = 0, [f"b{person}" for person in faces.pop("person")]
    faces["agreed"] = ["no" if badge.endswith("7") else "yes" for badge in faces["badge"]]
    faces["x"], faces["y"], faces["width"], faces["height"] = 10, 20, 30, 40
    faces.to_csv(file, index=False)
    return file


@pytest.fixture(scope="module")
def raters(table, tmp_path_factory):
    """Two people's labels of one sheet: the second differs in one of ten, and leaves one out."""
    folder = tmp_path_factory.mktemp("raters")
    sheet = insight.sample(table, 80, seed=1).to_pandas()
    first = [LABELS[number % 5] for number in range(80)]
    second = ["other" if number % 10 == 0 else label for number, label in enumerate(first)]
    first[3], second[4] = "cannot_tell", None
    for name, labels in (("anna", first), ("ben", second)):
        sheet.assign(label=labels).to_csv(folder / f"{name}.csv", index=False)
    return folder / "anna.csv", folder / "ben.csv"


def test_a_sheet_is_that_of_the_command(table, tmp_path):
    by_command, saved = tmp_path / "command.csv", tmp_path / "sheet.csv"
    options = [
        "--count",
        "50",
        "--seed",
        "3",
        "--cluster",
        "badge",
        "--consent",
        "agreed",
        "--out",
        by_command,
    ]
    assert run("insight", "sample", table, *options) == 0
    sheet = insight.sample(table, 50, seed=3, cluster="badge", consent="agreed")
    sheet.save(saved)
    assert saved.read_bytes() == by_command.read_bytes()
    assert sheet.one_per_person
    assert sheet.rows["no_consent"] == 30
    assert len(sheet) == 50
    assert len({row["path"] for row in sheet.table}) == 50
    assert sheet.table[0] | {"path": "", "label": None} == {
        "path": "",
        "face": 0,
        "time": None,
        "person": None,
        "x": 10,
        "y": 20,
        "width": 30,
        "height": 40,
        "label": None,
    }


@pytest.mark.parametrize(
    "read",
    [
        pd.read_csv,
        pl.read_csv,
        pyarrow.csv.read_csv,
        lambda path: duckdb.sql(f"select * from '{path}'"),
        lambda path: pd.read_csv(path).to_dict("list"),
        lambda path: pd.read_csv(path).sample(frac=1, random_state=1),
    ],
    ids=["pandas", "polars", "pyarrow", "duckdb", "columns", "another order"],
)
def test_frames_and_orders_give_the_sheet_of_the_file(table, read):
    for options in ({}, {"cluster": "badge"}, {"where": {"badge": "b3"}}):
        assert insight.sample(read(table), 40, **options) == insight.sample(table, 40, **options)
    assert insight.sample(table, 40, seed=1) != insight.sample(table, 40)
    customers = {"id": [f"b{n}" for n in range(20)], "segment": ["new", "old"] * 10}
    joined = insight.sample(read(table), 60, join=customers, on="badge=id", where={"segment": "old"})
    assert len(joined) == 50
    assert joined.rows["unmatched"] == 200


def test_frames_of_a_video_are_told_by_time_and_person():
    sheet = insight.sample(CONVERSATION, 30)
    assert not {row["face"] for row in sheet.table} - {None}
    assert sheet.one_per_person
    assert len(sheet) == 2, "one face of each person"
    every_face = insight.sample(CONVERSATION, 30, where={"person": 0}, cluster="time")
    assert [type(every_face.table[0][name]) for name in ("time", "person")] == [float, int]


def test_a_sheet_speaks_arrow_and_takes_no_file_with_labels(table, tmp_path):
    sheet = insight.sample(table, 12)
    assert pl.DataFrame(sheet).shape == sheet.to_pandas().shape == (12, 9)
    assert pl.DataFrame(sheet)["label"].dtype == pl.String
    assert sheet.to_arrow()["width"].to_pylist() == [30] * 12
    file = tmp_path / "sheet.csv"
    sheet.save(file)
    sheet.save(file)
    file.write_text(file.read_text().replace("40,\n", "40,happy\n", 1))
    with pytest.raises(fer.OutputError, match=r"sheet\.csv"):
        sheet.save(file)
    assert "happy" in file.read_text()
    assert "Sheet(12 faces)" in repr(sheet)
    assert "<table" in sheet._repr_html_()


def test_what_no_sheet_can_be_drawn_from_is_an_error(table):
    with pytest.raises(fer.ConfigError, match="count is 0"):
        insight.sample(table, 0)
    with pytest.raises(fer.DatasetError, match='no column "where"'):
        insight.sample(table, cluster="where")
    with pytest.raises(fer.ConfigError, match="join needs on"):
        insight.sample(table, join=table)
    twice = pd.concat([pd.read_csv(table)] * 2)
    with pytest.raises(fer.DatasetError, match=r"row 3\d\d: each face must be in the table once"):
        insight.sample(twice, 300)


def test_the_page_of_a_sheet_is_that_of_its_file(faces, tmp_path):
    rows = [{"path": str(file), "face": 0} for file in sorted((faces / "test" / "happy").iterdir())[:4]]
    answers = dict.fromkeys(fer.EMOTIONS, 0.25)
    sheet = insight.sample(fer.Table.from_rows([row | answers for row in rows]))
    sheet.save(tmp_path / "sheet.csv")
    page = insight.label(sheet)
    assert page.faces == 4
    assert page == insight.label(tmp_path / "sheet.csv") == insight.label(sheet.to_polars())
    with pytest.raises(fer.DatasetError, match=r"sheet is no sheet of labels.*row 1: a label is"):
        insight.label({"path": ["a.jpg"], "label": ["cheerful"]})


def test_agreement_is_that_of_the_command(table, raters, capfd):
    anna, ben = raters
    assert run("insight", "agreement", anna, ben, "--faces", table, "--resamples", "500", "--json") == 0
    told = json.loads(capfd.readouterr().out)
    found = insight.agreement([anna, ben], faces=table, resamples=500)
    assert found.to_dict() == told
    assert [rater["name"] for rater in told["raters"]] == ["anna", "ben", "model"]
    frames = {"anna": pd.read_csv(anna), "ben": pl.read_csv(ben)}
    assert insight.agreement(frames, faces=pd.read_csv(table), resamples=500) == found
    assert run("insight", "agreement", anna, ben, "--faces", table, "--resamples", "500") == 0
    assert found.headline in capfd.readouterr().out


def test_agreement_counts_what_two_people_said(raters):
    anna, ben = raters
    found = insight.agreement([anna, ben])
    # Of 80 faces one is left out by each; of every ten, one of the rest differs unless it was `other` before.
    said = [
        (a["label"], b["label"])
        for a, b in zip(*(csv.DictReader(io.StringIO(file.read_text())) for file in raters), strict=True)
    ]
    both = [pair for pair in said if "" not in pair and "cannot_tell" not in pair]
    (pair,) = found.table
    assert (pair["a"], pair["b"], pair["faces"]) == ("anna", "ben", len(both))
    assert pair["agreement"] == pytest.approx(sum(a == b for a, b in both) / len(both))
    assert pair["agreement_low"] < pair["agreement"] < pair["agreement_high"]
    assert found.alpha == pytest.approx(nominal_alpha(both))
    assert f"{found.alpha:.2f}" in found.headline
    page = found._repr_html_()
    assert "cannot_tell" in page
    assert "ben" in page
    found.to_dict()["alpha"]["estimate"] = 0
    assert found.alpha != 0, "the result does not change"


def nominal_alpha(pairs):
    """Krippendorff's alpha of two raters by its definition: 1 less observed over expected disagreement."""
    values = [value for pair in pairs for value in pair]
    observed = sum(a != b for a, b in pairs) / len(pairs)
    unlike = sum(a != b for i, a in enumerate(values) for b in values[:i]) * 2
    return 1 - observed / (unlike / (len(values) * (len(values) - 1)))


def test_sheets_that_do_not_go_together_are_errors(raters, tmp_path):
    anna, ben = raters
    with pytest.raises(TypeError, match="one sheet"):
        insight.agreement(anna)
    with pytest.raises(fer.ConfigError, match="raters is 1"):
        insight.agreement([anna])
    with pytest.raises(fer.ConfigError, match="level is 2"):
        insight.agreement([anna, ben], level=2)
    others = pd.read_csv(ben).assign(path=[f"other{n}.png" for n in range(80)])
    with pytest.raises(fer.DatasetError, match="no face was answered by two raters"):
        insight.agreement([anna, others])
    wrong = pd.read_csv(ben)
    wrong.loc[6, "label"] = "angry"
    with pytest.raises(fer.DatasetError, match=r"ben is no sheet of labels.*row 7: a label is"):
        insight.agreement({"anna": anna, "ben": wrong})
    with pytest.raises(fer.DatasetNotFoundError, match="absent"):
        insight.agreement([anna, tmp_path / "absent.csv"])
