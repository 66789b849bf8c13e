"""Many images in one call."""

import datetime
import io
import os
import threading
import uuid
import weakref

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

import fer


@pytest.fixture(scope="module")
def paths(examples):
    return sorted((examples / "faces" / "test").glob("*/*.jpg"))


@pytest.fixture(scope="module")
def batch(paths):
    return fer.predict_batch(paths)


def test_order_is_that_of_the_input(batch, paths):
    assert [prediction.path for prediction in batch] == [str(path) for path in paths]
    assert batch[3] == fer.predict(paths[3])
    assert len(batch[2:5]) == 3


def test_folders_globs_and_lists_are_the_same(batch, faces):
    assert fer.predict_batch(faces / "test") == batch
    assert fer.predict_batch(str(faces / "test" / "*" / "*.jpg")) == batch


def test_kinds_can_be_mixed(paths):
    image = Image.open(paths[0]).convert("L")
    images = [paths[0], paths[0].read_bytes(), np.asarray(image), image, paths[1]]
    batch = fer.predict_batch(images)
    for prediction, image in zip(batch, images, strict=True):
        assert prediction.faces == fer.predict(image).faces


def test_a_generator_is_taken(paths):
    assert len(fer.predict_batch(path for path in paths[:3])) == 3


def test_bad_images_are_items_with_errors(paths, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    images = [paths[0], broken, tmp_path / "missing.jpg", b"", np.zeros((2, 2), np.int64), paths[1]]
    batch = fer.predict_batch(images)
    kinds = [None if prediction.error is None else prediction.error.kind for prediction in batch]
    assert kinds == [None, "unsupported_image", "not_found", "corrupt_image", "invalid_image", None]
    assert isinstance(batch[2].error, FileNotFoundError)
    assert batch.errors == list(batch[1:5])
    assert batch[0] == fer.predict(paths[0])
    assert batch[5] == fer.predict(paths[1])
    assert "4 unreadable" in repr(batch)
    assert "broken.jpg" in batch._repr_html_()


def test_an_empty_list_is_an_empty_batch_with_its_columns(batch):
    empty = fer.predict_batch([])
    assert len(empty) == 0
    assert list(empty.to_pandas().columns) == list(batch.to_pandas().columns)


def test_tables_of_all_libraries_agree(batch):
    pandas, polars, arrow = batch.to_pandas(), batch.to_polars(), batch.to_arrow()
    assert isinstance(pandas, pd.DataFrame)
    assert isinstance(polars, pl.DataFrame)
    assert isinstance(arrow, pa.Table)
    assert list(pandas.columns) == polars.columns == arrow.column_names
    assert polars.to_dicts() == arrow.to_pylist() == list(batch.to_table())
    assert pandas["happy"].tolist() == polars["happy"].to_list()
    assert pl.DataFrame(batch).equals(polars)
    assert pa.table(batch).equals(arrow)


def test_column_types_do_not_depend_on_the_values(batch, photo):
    assert batch.to_table().column("x") == [None] * len(batch)
    with_boxes = fer.predict_batch([photo])
    assert with_boxes.to_polars().schema == batch.to_polars().schema
    assert (with_boxes.to_pandas().dtypes == batch.to_pandas().dtypes).all()


def test_every_image_keeps_a_row(photo, tmp_path):
    batch = fer.predict_batch([photo, np.zeros((200, 200), np.uint8), tmp_path / "missing.jpg"])
    table = batch.to_polars()
    assert len(table) == len(batch[0]) + 2
    assert table["emotion"].null_count() == 2
    assert table["error"].null_count() == len(table) - 1


def test_ids_join_customers(batch, paths):
    ids = [f"customer-{number}" for number in range(len(paths))]
    table = fer.predict_batch(paths, ids=ids).to_pandas()
    assert table["id"].tolist() == ids
    customers = pd.DataFrame({"id": ids, "region": "north"})
    assert len(table.merge(customers, on="id")) == len(paths)
    with pytest.raises(ValueError, match="ids"):
        fer.predict_batch(paths, ids=ids[:2])


def test_threads_give_what_one_after_the_other_gives(batch, paths):
    results = [None] * 8
    classifier = fer.Classifier()

    def work(number):
        results[number] = [classifier.predict(path) for path in paths]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result == list(batch) for result in results)


def test_one_array_can_be_read_by_many_threads(face):
    array = np.asarray(Image.open(face))
    expected = fer.predict(array)
    results = []
    threads = [threading.Thread(target=lambda: results.append(fer.predict(array))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8


@pytest.mark.parametrize("name", ["no-such-file.jpg", "no-such-folder/", "*.no-such-extension", "empty"])
def test_a_text_that_names_nothing_is_refused(name, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(fer.ImageNotFoundError, match=r"no such file|no image") as raised:
        fer.predict_batch(str(tmp_path / name))
    assert raised.value.kind == "not_found"
    [item] = fer.predict_batch([str(tmp_path / "no-such-file.jpg")])
    assert item.error.kind == "not_found"


def test_missing_values_are_items(paths):
    batch = fer.predict_batch(pd.Series([str(paths[0]), None, float("nan"), pd.NA, pd.NaT, str(paths[1])]))
    kinds = [None if item.error is None else item.error.kind for item in batch]
    assert kinds == [None, "missing", "missing", "missing", "missing", None]
    assert batch[5] == fer.predict(paths[1])
    assert len(batch.to_pandas()) == 6


@pytest.mark.parametrize("shape", [(66, 66), (66, 66, 3), (66, 66, 4), (66, 66, 1)])
def test_one_array_is_no_stack(shape):
    with pytest.raises(fer.ImageError, match="one image"):
        fer.predict_batch(np.zeros(shape, np.uint8))
    assert len(fer.predict_batch([np.zeros(shape, np.uint8)])) == 1


def test_one_encoded_image_is_no_stack(paths):
    for image in (paths[0].read_bytes(), io.BytesIO(paths[0].read_bytes())):
        with pytest.raises(fer.ImageError, match="one image"):
            fer.predict_batch(image)


def test_stacks_of_gray_and_of_color_are_taken(paths):
    gray = np.stack([np.asarray(Image.open(path).convert("L").resize((64, 64))) for path in paths[:3]])
    assert list(fer.predict_batch(gray)) == [fer.predict(image) for image in gray]
    color = np.repeat(gray[:, :, :, None], 3, axis=3)
    assert list(fer.predict_batch(color)) == [fer.predict(image) for image in color]


@pytest.mark.parametrize(
    ("ids", "column"),
    [
        (np.arange(3), [0, 1, 2]),
        (np.array([0.5, 1.5, np.nan]), [0.5, 1.5, None]),
        (np.array(["a", "b", "c"]), ["a", "b", "c"]),
        (pd.Series([7, 8, 9]), [7, 8, 9]),
        ([1, "b", None], ["1", "b", None]),
        ([datetime.date(2026, 1, day) for day in (1, 2, 3)], ["2026-01-01", "2026-01-02", "2026-01-03"]),
        ([uuid.UUID(int=n) for n in range(3)], [str(uuid.UUID(int=n)) for n in range(3)]),
        ([True, False, True], [True, False, True]),
        ([2**70, 1, 2], [str(2**70), "1", "2"]),
    ],
)
def test_ids_of_any_scalar_type_become_a_column(paths, ids, column):
    batch = fer.predict_batch(paths[:3], ids=ids)
    assert batch.to_table()["id"] == column
    assert batch.to_arrow()["id"].to_pylist() == column
    assert batch.to_polars()["id"].to_list() == column
    assert len(batch.to_pandas()) == 3


def test_ids_are_checked_before_the_work(paths):
    calls = []
    with pytest.raises(ValueError, match="2 ids for 3 images"):
        fer.predict_batch(paths[:3], ids=["a", "b"], progress=lambda *call: calls.append(call))
    with pytest.raises(TypeError, match="scalar"):
        fer.predict_batch(paths[:3], ids=[[1], [2], [3]], progress=lambda *call: calls.append(call))
    assert not calls


def test_a_stream_gives_the_same_predictions_and_keeps_no_image(paths):
    alive = []

    def images():
        for path in paths * 4:
            image = np.asarray(Image.open(path))
            alive.append(weakref.ref(image))
            yield image

    stream = fer.predict_batch(images(), stream=True)
    assert not alive, "nothing is read before it is asked for"
    expected = [fer.predict(np.asarray(Image.open(path))) for path in paths]
    most = 0
    for number, prediction in enumerate(stream):
        assert prediction == expected[number % len(paths)]
        del prediction
        most = max(most, sum(image() is not None for image in alive))
    assert number + 1 == 4 * len(paths) == len(alive)
    assert most <= 16 * os.cpu_count() + 1


def test_a_stream_of_a_folder_and_of_bad_images(faces, paths, tmp_path):
    folder = faces / "test" / "sad"
    assert list(fer.predict_batch(folder, stream=True)) == list(fer.predict_batch(folder))
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    kinds = [item.error and item.error.kind for item in fer.predict_batch([paths[0], bad, None], stream=True)]
    assert kinds == [None, "unsupported_image", "missing"]


def test_a_stream_refuses_before_it_begins(paths, tmp_path):
    with pytest.raises(ValueError, match="stream=True"):
        fer.predict_batch(paths, ids=range(len(paths)), stream=True)
    with pytest.raises(fer.ImageNotFoundError):
        fer.predict_batch(tmp_path / "absent", stream=True)
    with pytest.raises(fer.ImageError, match="one image"):
        fer.predict_batch(np.zeros((66, 66), np.uint8), stream=True)
