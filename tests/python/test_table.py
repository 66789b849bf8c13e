"""Tables without a table library."""

import subprocess
import sys

import polars as pl
import pyarrow as pa
import pytest

import fer


@pytest.fixture
def table():
    return fer.Table({"name": ["a", "b"], "n": [1, None], "share": [0.5, None], "good": [True, None]})


def test_rows_and_columns(table):
    assert len(table) == 2
    assert table.columns == ["name", "n", "share", "good"]
    assert table[-1] == {"name": "b", "n": None, "share": None, "good": None}
    assert list(table[:1]) == [table[0]]
    assert table["n"] == table.column("n") == [1, None]
    with pytest.raises(IndexError):
        table[2]
    with pytest.raises(KeyError):
        table["m"]


def test_a_slice_keeps_the_types_of_its_columns(table):
    assert (table[1:].to_pandas().dtypes == table.to_pandas().dtypes).all()
    assert isinstance(fer.Timeline({"time": [0.5]})[:1], fer.Timeline)


def test_missing_values_stay_missing_everywhere(table):
    assert pl.DataFrame(table).to_dicts() == pa.table(table).to_pylist() == list(table)
    pandas = table.to_pandas()
    assert pandas.isna().iloc[1].tolist() == [False, True, True, True]
    assert pandas["n"].dtype == "Int64"


def test_a_table_of_rows_has_the_keys_of_all(table):
    assert fer.Table.from_rows(list(table)) == table
    assert fer.Table.from_rows([{"a": 1}, {"b": 2}]).to_dict() == {"a": [1, None], "b": [None, 2]}
    assert fer.Table.from_rows([]).columns == []


def test_columns_must_have_one_length():
    with pytest.raises(ValueError, match="length"):
        fer.Table({"a": [1], "b": []})


def test_html_escapes_and_says_how_many_rows_are_left():
    html = fer.Table({"<name>": ["<b>"] * 30})._repr_html_()
    assert "&lt;name&gt;" in html
    assert "<b>" not in html
    assert "10 more rows" in html


def test_arrow_is_made_without_pandas():
    """The import of pandas takes longer than all the rest, in each process of an engine."""
    code = """
import sys, fer
table = fer.Table({"a": [1, None, 3], "b": ["x", None, "y"]})
assert table.to_arrow().to_pylist() == list(table)
missing = fer.Table({"bytes": ["missing.jpg"]})
faces = fer.Classifier(threads=1).predict_arrow(missing)
assert faces.read_all().num_rows == 1
assert "pandas" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
