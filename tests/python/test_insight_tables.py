"""Tables that the analyses take: data frames of every library give the result of the file."""

import csv
import datetime
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest

import fer
from fer import insight

TABLES = Path(__file__).resolve().parents[2] / "examples" / "insight"
QUICK = {"draws": 200, "threads": 2}
#: Each kind of data frame, from a CSV.
FRAMES = {
    "pandas": pd.read_csv,
    "pandas with Arrow types": lambda path: pd.read_csv(path, dtype_backend="pyarrow"),
    "polars": pl.read_csv,
    "polars with dates": lambda path: pl.read_csv(path, try_parse_dates=True),
    "pyarrow": pyarrow.csv.read_csv,
    "pyarrow in batches": lambda path: in_batches(pyarrow.csv.read_csv(path)),
    "duckdb": lambda path: duckdb.sql(f"select * from '{path}'"),
    "duckdb with text only": lambda path: duckdb.sql(f"select * from read_csv('{path}', all_varchar=true)"),
}


def in_batches(table):
    """A stream of small batches, as a database gives them."""
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=100))


def command(capfd, *arguments):
    """The JSON that the command prints."""
    assert fer._fer.run_cli(["fer", "insight", *map(str, arguments), "--json"]) == 0
    return json.loads(capfd.readouterr().out)


@pytest.fixture(params=FRAMES)
def read(request):
    return FRAMES[request.param]


def test_frames_give_the_figures_of_the_command(read, capfd):
    table = TABLES / "satisfaction.csv"
    found = insight.shares(read(table), by="site", cluster="visit", **QUICK)
    assert found == insight.shares(table, by="site", cluster="visit", **QUICK)
    options = ["--by", "site", "--cluster", "visit", "--draws", "200"]
    assert found.to_dict() == command(capfd, "shares", table, *options)


def test_frames_give_the_trend_and_the_comparison_of_the_file(read):
    table = TABLES / "satisfaction.csv"
    weeks = {"time": "date", "every": "week", "by": "site", "cluster": "visit"}
    assert insight.trend(read(table), **weeks, **QUICK) == insight.trend(table, **weeks, **QUICK)
    films = {"by": "campaign", "versus": "control", "cluster": "customer_id", "permutations": 199}
    agreed = {"consent": "marketing_consent", "purpose": "campaign"}
    table = TABLES / "campaign.csv"
    found = insight.compare(read(table), **films, **agreed, **QUICK)
    assert found == insight.compare(table, **films, **agreed, **QUICK)
    assert found.to_dict()["rows"]["no_consent"] > 0


def test_frames_are_joined_as_the_files_are(read, tmp_path, capfd):
    faces, customers = tmp_path / "faces.csv", tmp_path / "customers.csv"
    with (TABLES / "campaign.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    reactions = [[*(row[emotion] for emotion in fer.EMOTIONS), row["customer_id"]] for row in rows]
    write(faces, [*fer.EMOTIONS, "customer"], reactions)
    known = {row["customer_id"]: [row["segment"], row["marketing_consent"]] for row in rows[:-50]}
    write(customers, ["id", "segment", "agreed"], [[name, *values] for name, values in known.items()])
    options = {"by": "segment", "cluster": "customer", "consent": "agreed", "purpose": "campaign"}
    found = insight.shares(read(faces), join=read(customers), on="customer=id", **options, **QUICK)
    assert found == insight.shares(faces, join=customers, on="customer=id", **options, **QUICK)
    flags = ["--by", "segment", "--cluster", "customer", "--consent", "agreed", "--purpose", "campaign"]
    told = command(
        capfd, "shares", faces, "--join", customers, "--on", "customer=id", *flags, "--draws", "200"
    )
    assert found.to_dict() == told
    assert told["rows"]["unmatched"] == 50
    twice = pa.table({"id": ["a", "b", "a"], "segment": ["x", "y", "z"]})
    with pytest.raises(fer.DatasetError, match="row 3: each key must be there once, and is in row 1 already"):
        insight.shares(faces, join=twice, on="customer=id", by="segment")
    with pytest.raises(fer.ConfigError, match="join needs on"):
        insight.shares(faces, join=customers)
    with pytest.raises(fer.PolicyError, match="consent"):
        insight.shares(faces, join=customers, on="customer=id", by="segment", purpose="campaign")


def write(path, header, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture(scope="module")
def labeled(tmp_path_factory):
    """A table of faces, and a sheet of 120 of them labeled by the model's answers."""
    folder = tmp_path_factory.mktemp("labels")
    faces, sheet = folder / "faces.csv", folder / "sheet.csv"
    table = insight.simulate(
        {"happy": 0.4, "sad": 0.1, "neutral": 0.4, "surprise": 0.1}, people=600, unclear=0.0
    ).to_pandas()
    table["site"] = np.where(table["person"] % 2, "north", "south")
    table["day"] = [str(datetime.date(2026, 1, 1) + datetime.timedelta(7 * (i % 9))) for i in range(600)]
    table.to_csv(faces, index=False)
    assert (
        fer._fer.run_cli(["fer", "insight", "sample", str(faces), "--count", "120", "--out", str(sheet)]) == 0
    )
    answers = table.set_index("path")[list(fer.EMOTIONS)].idxmax(axis=1)
    drawn = pd.read_csv(sheet)
    drawn["label"] = answers.loc[drawn["path"]].to_numpy()
    drawn.to_csv(sheet, index=False)
    return faces, sheet


def test_labels_correct_shares_comparisons_and_trends(read, labeled, capfd):
    faces, sheet = labeled
    table, labels = read(faces), read(sheet)
    found = insight.shares(table, by="site", labels=labels, **QUICK)
    assert found == insight.shares(faces, by="site", labels=sheet, **QUICK)
    told = command(capfd, "shares", faces, "--by", "site", "--labels", sheet, "--draws", "200")
    assert found.to_dict() == told
    assert told["estimator"] == "labels"
    assert told["labels"]["used"] == 120
    pairs = insight.compare(read(faces), by="site", labels=read(sheet), permutations=199, **QUICK)
    told = command(
        capfd, "compare", faces, "--by", "site", "--labels", sheet, "--permutations", "199", "--draws", "200"
    )
    assert pairs.to_dict() == told
    weeks = insight.trend(read(faces), time="day", every="week", labels=read(sheet), **QUICK)
    told = command(
        capfd, "trend", faces, "--time", "day", "--every", "week", "--labels", sheet, "--draws", "200"
    )
    assert weeks.to_dict() == told


def test_labels_stand_in_place_of_a_reference_and_are_of_the_table(labeled, tmp_path):
    faces, sheet = labeled
    with pytest.raises(fer.ConfigError, match="reference"):
        insight.shares(faces, labels=sheet, reference=tmp_path / "own.json")
    absent = pd.read_csv(sheet)
    absent.loc[4, "path"] = "elsewhere.png"
    with pytest.raises(fer.DatasetError, match="row 5 of the labels: the labeled face must be in the table"):
        insight.shares(faces, labels=absent)
    wrong = pd.read_csv(sheet)
    wrong.loc[2, "label"] = "angry"
    with pytest.raises(fer.DatasetError, match=r'row 3: a label is happy, sad.*found "angry"'):
        insight.shares(faces, labels=wrong)
    with pytest.raises(fer.ConfigError, match="unknown option 'labels'"):
        insight.relate(faces, cluster="person", outcome="site", labels=sheet)


def test_simulated_faces_are_those_of_the_command(tmp_path, capfd):
    shares = {"happy": 0.3, "sad": 0.05, "neutral": 0.6, "surprise": 0.05}
    simulation = insight.simulate(shares, people=40, faces_per_person=25, seed=3)
    path = tmp_path / "faces.csv"
    told = command(
        capfd, "simulate", "--shares", "0.3,0.05,0.6,0.05", "--people", "40", "--faces-per-person", "25",
        "--seed", "3", "--out", path,
    )  # fmt: skip
    assert simulation.truth == told["truth"]
    expected = pl.read_csv(path)
    assert pl.DataFrame(simulation).cast(expected.schema).equals(expected)
    found = insight.shares(simulation, cluster="person", **QUICK)
    assert found == insight.shares(path, cluster="person", **QUICK)
    assert simulation == insight.simulate(shares, people=40, faces_per_person=25, seed=3)
    assert simulation != insight.simulate(shares, people=40, faces_per_person=25, seed=4)
    assert "truth: happy" in repr(simulation)
    assert "truth: happy" in simulation._repr_html_()
    with pytest.raises(AttributeError):
        simulation.truth = {}
    with pytest.raises(fer.ConfigError, match="shares has"):
        insight.simulate({"happy": 1.0}, people=10)
    with pytest.raises(fer.ConfigError, match="shares is"):
        insight.simulate({**shares, "sad": 0.5}, people=10)


def test_types_that_no_csv_has_are_read_as_their_texts():
    """Dictionaries, single precision, decimals, flags, times with and without a zone, and missing cells."""
    count = 60
    plain = pa.table(
        {
            "happy": pa.array([0.9] * count),
            "sad": pa.array([0.1] * count),
            "neutral": pa.array([0.0] * count),
            "surprise": pa.array([0.0] * count),
            "site": pa.array(["north", "south"] * (count // 2)),
            "person": pa.array([f"p{i % 20}" for i in range(count)]),
            "agreed": pa.array(["true", "true", ""] * (count // 3)),
            "day": pa.array(["2026-03-01"] * count),
        }
    )
    day = datetime.datetime(2026, 3, 1)
    rich = {
        "happy": pa.array([0.9] * count, pa.float32()),
        "sad": pc.cast(plain["sad"], pa.decimal128(3, 2)),
        "site": plain["site"].dictionary_encode(),
        "person": pc.cast(plain["person"], pa.string_view()),
        "agreed": pa.array([True, True, None] * (count // 3)),
        "day": pa.array([day] * count, pa.timestamp("ms", tz="UTC")),
    }
    richer = plain
    for name, column in rich.items():
        richer = richer.set_column(richer.schema.get_field_index(name), name, column)
    options = {"by": "site", "cluster": "person", "consent": "agreed", "min_people": 5, **QUICK}
    expected = insight.shares(plain, **options)
    assert insight.shares(richer, **options) == expected
    assert insight.shares(richer.to_pandas(), **options) == expected
    assert insight.shares(pl.DataFrame(richer), **options) == expected
    assert expected.to_dict()["rows"]["no_consent"] == 20
    days = insight.trend(richer, time="day", every="day", cluster="person", **QUICK)
    assert days.table[0]["start"] == "2026-03-01"
    nested = plain.append_column("site list", pa.array([["a"]] * count))
    assert insight.shares(nested, **options) == expected
    with pytest.raises(fer.DatasetError, match=r'row 1: expected text.*in "site list"'):
        insight.shares(nested, **{**options, "by": "site list"})


def test_a_stream_that_breaks_off_or_was_read_is_an_error_of_its_own():
    table = pyarrow.csv.read_csv(TABLES / "satisfaction.csv")

    def broken():
        yield from table.to_batches(max_chunksize=200)
        raise OSError("the line is down")

    with pytest.raises(fer.DatasetError, match="the line is down"):
        insight.shares(pa.RecordBatchReader.from_batches(table.schema, broken()), by="site")
    happy = table["happy"].to_numpy().copy()
    happy[1200] = 1.5
    wrong = table.set_column(1, "happy", pa.array(happy))
    with pytest.raises(fer.DatasetError, match="row 1201: probabilities must"):
        insight.shares(wrong)


def test_pandas_needs_no_pyarrow(monkeypatch):
    frame = pd.read_csv(TABLES / "satisfaction.csv")
    expected = insight.shares(frame, by="site", cluster="visit", **QUICK)

    def refuse(self, requested_schema=None):
        raise ImportError("no pyarrow here")

    monkeypatch.setattr(pd.DataFrame, "__arrow_c_stream__", refuse)
    assert insight.shares(frame, by="site", cluster="visit", **QUICK) == expected


def test_columns_of_mixed_values_are_read_as_text():
    frame = pd.read_csv(TABLES / "campaign.csv")
    frame["marketing_consent"] = [1 if agreed else "no" for agreed in frame["marketing_consent"]]
    options = {"by": "campaign", "cluster": "customer_id", "consent": "marketing_consent", **QUICK}
    assert (
        insight.shares(frame, **options).to_dict()["groups"]
        == insight.shares(TABLES / "campaign.csv", **options).to_dict()["groups"]
    )


#: Analyzes a large frame, and prints how many MB more than before the process held meanwhile.
HELD = """
import resource, sys
import numpy as np, polars as pl, pyarrow as pa
from fer import insight
rows = 2_000_000
column = np.full(rows, 0.25)
frame = pl.DataFrame({name: column.copy() for name in ("happy", "sad", "neutral", "surprise")})
frame = frame.with_columns(site=pl.Series(["north", "south"] * (rows // 2)))
if sys.argv[1] == "pyarrow":
    frame = frame.to_arrow()
insight.shares(frame[:1000], by="site", draws=100)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert insight.shares(frame, by="site", draws=100).to_dict()["rows"]["used"] == rows
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000)
"""


@pytest.mark.skipif(sys.platform == "darwin", reason="counts resident memory in other units")
@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_frames_are_not_copied(kind):
    done = subprocess.run(
        [sys.executable, "-c", HELD, kind], capture_output=True, text=True, check=True, timeout=120
    )
    # The four columns alone are 64 MB.
    assert float(done.stdout) < 16
