"""Arrow in, Arrow out: columns of images become columns of faces."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fer


@pytest.fixture(scope="module")
def classifier():
    return fer.Classifier(threads=1)


@pytest.fixture(scope="module")
def files(face, photo, examples):
    """A photo with several faces, one without any, a face crop and a file that is no image."""
    return [photo, examples / "photos" / "empty_room.jpg", face, examples / "photo.rs"]


@pytest.fixture(scope="module")
def photos(files):
    content = [*(file.read_bytes() for file in files), None]
    numbers = pa.array(range(len(content)), pa.int32())
    return pa.table({"number": numbers, "bytes": content, "name": [*(file.name for file in files), "lost"]})


def rows(classifier, data, **options):
    return classifier.predict_arrow(data, **options).read_all().to_pylist()


def test_the_rows_are_those_of_predict(classifier, files, photos):
    found = rows(classifier, photos, keep=["number"])
    expected = []
    for number, prediction in enumerate(classifier.predict_batch([*files, None])):
        kind = None if prediction.error is None else prediction.error.kind
        for row in prediction.to_table():
            expected.append({"number": number, **row, "error_kind": kind})
    for row in expected:
        del row["path"]
    messages = [row.pop("error") for row in found], [row.pop("error") for row in expected]
    assert found == expected
    # A path is part of the message where there is one.
    assert [bool(message) for message in messages[0]] == [bool(message) for message in messages[1]]
    assert [row["error_kind"] for row in found][-2:] == ["unsupported_image", "missing"]
    assert len(found) > len(files) + 1


def test_columns_are_kept_first_and_then_come_those_of_the_schema(classifier, photos):
    reader = classifier.predict_arrow(photos, keep=["name", "number"])
    assert reader.schema.names == ["name", "number", *fer.SCHEMA]
    assert reader.schema == pa.schema([photos.schema.field("name"), photos.schema.field("number"), *ours()])
    for batch in reader:
        assert batch.schema == reader.schema
    assert classifier.predict_arrow(photos).schema == ours()


def ours():
    return fer.SCHEMA.to_arrow()


def test_the_schema_has_the_names_of_the_table_and_of_sql(classifier, face):
    table = classifier.predict_batch([face]).to_table()
    assert [name for name in table.columns if name not in ("path", "error")] == list(fer.SCHEMA)[:-2]
    assert fer.SCHEMA.ddl() == (
        "face bigint, x bigint, y bigint, width bigint, height bigint, score double, emotion string, "
        "confidence double, uncertain boolean, label_set string, happy double, sad double, neutral double, "
        "surprise double, other double, error_kind string, error string"
    )


def test_the_largest_face_makes_one_row_per_image(classifier, files, photos):
    found = rows(classifier, photos, keep=["number"], largest=True)
    assert [row["number"] for row in found] == list(range(len(files) + 1))
    assert [row["emotion"] for row in found[:4]] == [item.emotion for item in classifier.predict_batch(files)]
    assert found[0]["face"] == found[2]["face"] == 0


@pytest.mark.parametrize(
    "kind",
    [pa.binary(), pa.large_binary(), pa.binary_view(), pa.string(), pa.large_string(), pa.string_view()],
)
def test_content_and_paths_of_any_width_are_taken(classifier, face, kind):
    is_path = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    values = pa.array([str(face) if is_path else face.read_bytes(), None], kind)
    found = rows(classifier, pa.table({"photo": values}), image="photo")
    assert found[0]["confidence"] == pytest.approx(classifier.predict(face).confidence)
    assert found[1]["error_kind"] == "missing"


@pytest.mark.parametrize(
    "make",
    [
        lambda table: table.combine_chunks().to_batches()[0],
        lambda table: table.to_reader(),
        lambda table: pl.from_arrow(table),
        lambda table: table.to_pandas(),
        lambda table: ArrayOnly(table.combine_chunks().to_batches()[0]),
    ],
)
def test_whatever_exports_arrow_is_taken(classifier, photos, make):
    expected = rows(classifier, photos, keep=["name"])
    assert rows(classifier, make(photos), keep=["name"]) == expected


class ArrayOnly:
    def __init__(self, batch):
        self._batch = batch

    def __arrow_c_array__(self, requested_schema=None):
        return self._batch.__arrow_c_array__(requested_schema)


def test_the_data_is_read_as_the_result_is(classifier, face):
    content = face.read_bytes()
    read = []

    def batches():
        for number in range(5):
            read.append(number)
            yield pa.record_batch({"bytes": [content] * 3})

    source = pa.RecordBatchReader.from_batches(pa.schema([("bytes", pa.binary())]), batches())
    found = iter(classifier.predict_arrow(source))
    assert read == []
    assert next(found).num_rows == 3
    assert len(read) <= 2
    assert sum(batch.num_rows for batch in found) == 12


def test_large_batches_are_divided_and_empty_ones_are_nothing(classifier, face):
    many = pa.table({"bytes": [face.read_bytes()] * 300})
    sizes = [batch.num_rows for batch in classifier.predict_arrow(many)]
    assert (sum(sizes), len(sizes)) == (300, 2)
    assert classifier.predict_arrow(many.slice(0, 0)).read_all().num_rows == 0


def test_mistakes_are_told_before_the_work(classifier, photos):
    with pytest.raises(ValueError, match="'image'; the columns are number, bytes, name"):
        classifier.predict_arrow(photos, image="image")
    with pytest.raises(ValueError, match="'nmae'"):
        classifier.predict_arrow(photos, keep=["nmae"])
    with pytest.raises(TypeError, match="int32, expected the content"):
        classifier.predict_arrow(photos, image="number")
    with pytest.raises(TypeError, match=r"\['name'\]"):
        classifier.predict_arrow(photos, keep="name")
    with pytest.raises(ValueError, match="happy: a column of the result"):
        classifier.predict_arrow(photos.append_column("happy", photos["number"]), keep=["happy"])
    with pytest.raises(TypeError, match="PyCapsule interface, found list"):
        classifier.predict_arrow([b"..."])


def test_the_result_is_a_table_for_everyone(classifier, photos):
    frame = classifier.predict_arrow(photos, keep=["name"]).read_all().to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns[:2]) == ["name", "face"]
