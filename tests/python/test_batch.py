"""Many pictures in one call."""

import threading

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
    for prediction, picture in zip(batch, images, strict=True):
        assert prediction.faces == fer.predict(picture).faces


def test_a_generator_is_taken(paths):
    assert len(fer.predict_batch(path for path in paths[:3])) == 3


def test_bad_pictures_are_items_with_errors(paths, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
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


def test_every_picture_keeps_a_row(photo, tmp_path):
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
