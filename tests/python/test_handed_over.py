"""What other libraries, and mistakes, hand over: the right answer, or an error that says what to do."""

import array
import decimal
import io
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image, ImageSequence

import fer


@pytest.fixture
def gray(face):
    return np.asarray(Image.open(face).convert("L"))


def answer(image):
    return fer.predict(image, faces="whole").faces


class Interface:
    def __init__(self, pixels):
        self.__array_interface__ = pixels.__array_interface__
        self.pixels = pixels


class Exchange:
    """A tensor that only speaks DLPack."""

    def __init__(self, pixels):
        self.pixels = pixels

    def __dlpack__(self, **options):
        return self.pixels.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.pixels.__dlpack_device__()


class Unreadable:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("cannot call numpy() on a tensor that requires grad")


def test_tensors_of_every_protocol_are_images(gray):
    expected = answer(gray)
    for image in (Interface(gray), Exchange(gray.copy()), np.ma.masked_array(gray)):
        assert answer(image) == expected, type(image)


@pytest.mark.parametrize("kind", ["bfloat16", "float8_e4m3fn"])
def test_small_floats_are_levels_in_the_unit_range(gray, kind):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    small = (gray / 255).astype(getattr(ml_dtypes, kind))
    assert answer(small) == answer(small.astype(np.float64))


def test_extended_precision_is_a_float(gray):
    assert answer((gray / 255).astype(np.longdouble)) == answer(gray)


@pytest.mark.parametrize("kind", ["c8", "O", "M8[s]", "U3"])
def test_what_holds_no_levels_is_not_to_be_cast(gray, kind):
    with pytest.raises(fer.ImageError) as raised:
        fer.predict(np.zeros((48, 48), kind))
    assert "astype" not in str(raised.value)


def test_an_array_that_repeats_a_byte_without_end_is_too_large():
    for level in (np.uint8(3), np.float32(0.3)):
        with pytest.raises(fer.ImageError) as raised:
            fer.predict(np.broadcast_to(level, (100_000, 100_000)))
        assert raised.value.kind == "image_too_large"


@pytest.mark.parametrize("shape", [(1, 48, 64), (3, 48, 64), (4, 48, 64)])
def test_channels_that_come_first_are_named(shape):
    with pytest.raises(fer.ImageError, match="transpose"):
        fer.predict(np.zeros(shape, np.uint8))


def test_scalars_and_columns_of_arrow_are_images(face):
    content, expected = face.read_bytes(), answer(face)
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
        assert answer(pa.scalar(content, kind)) == expected
    assert answer(pa.scalar(str(face))) == expected
    paths = pa.array([str(face), None])
    for column in (paths, pa.chunked_array([paths]), paths.dictionary_encode(), paths.cast(pa.string_view())):
        found = fer.predict_batch(column, faces="whole")
        assert [item.error and item.error.kind for item in found] == [None, "missing"]
        assert found[0].faces == expected
    categories = pa.table({"bytes": paths.dictionary_encode()})
    rows = fer.Classifier().predict_arrow(categories).read_all().to_pylist()
    assert [row["error_kind"] for row in rows] == [None, "missing"]


MISSING = [
    None,
    float("nan"),
    np.float32("nan"),
    np.datetime64("NaT"),
    decimal.Decimal("NaN"),
    pd.NA,
    pd.NaT,
    pa.scalar(None, pa.binary()),
]


@pytest.mark.parametrize("value", MISSING, ids=repr)
def test_missing_values_of_every_library_are_items(face, value):
    found = fer.predict_batch([face, value, face])
    assert [item.error and item.error.kind for item in found] == [None, "missing", None]
    assert fer.predict_batch([face], ids=[value]).to_table()["id"] == [None]


def test_an_object_that_fails_is_an_item(face):
    found = fer.predict_batch([face, Unreadable(), face])
    assert [item.error and item.error.kind for item in found] == [None, "corrupt_image", None]
    with pytest.raises(fer.ImageError, match="requires grad") as raised:
        fer.predict(Unreadable())
    assert isinstance(raised.value.__cause__, RuntimeError)


def test_a_file_that_fails_in_any_way_is_an_item(face):
    class Broken(io.BytesIO):
        def read(self, *_):
            raise KeyError("no such member")

    found = fer.predict_batch([face, Broken(), face])
    assert [item.error and item.error.kind for item in found] == [None, "corrupt_image", None]


def test_an_iterator_that_fills_one_buffer_gives_each_image(faces):
    paths = [faces / "test" / name / f"{name}_000.jpg" for name in fer.EMOTIONS]
    images = [np.asarray(Image.open(path).convert("L").resize((48, 48))) for path in paths]
    expected = [answer(image) for image in images]

    def frames():
        buffer = np.zeros((48, 48), np.uint8)
        for image in images:
            buffer[:] = image
            yield buffer

    for found in (fer.predict_batch(frames()), fer.predict_batch(frames(), stream=True)):
        assert [item.faces for item in found] == expected
    animation = io.BytesIO()
    first, *rest = [Image.fromarray(image) for image in images]
    first.save(animation, "GIF", save_all=True, append_images=rest)
    found = fer.predict_batch(ImageSequence.Iterator(Image.open(animation)), faces="whole")
    assert [item.emotion for item in found] == [faces[0].emotion for faces in expected]


def test_tables_are_asked_for_a_column(face):
    for table in (
        pd.DataFrame({"path": [str(face)]}),
        pl.DataFrame({"path": [str(face)]}),
        pa.table({"path": [str(face)]}),
    ):
        with pytest.raises(TypeError, match="pass its column"):
            fer.predict_batch(table)


@pytest.mark.parametrize("take", [fer.predict_batch, fer.predict_video])
def test_one_image_is_not_a_sequence_of_images(face, gray, take):
    for image in (gray, np.dstack([gray] * 3), Image.fromarray(gray), face.read_bytes()):
        with pytest.raises(fer.ImageError, match="one image"):
            take(image)


@pytest.mark.parametrize(
    "ids", ["abc", b"abc", np.zeros((3, 1)), pd.DataFrame({"a": [1], "b": [1], "c": [1]})]
)
def test_ids_are_one_scalar_for_each_image(face, ids):
    with pytest.raises(TypeError, match="one scalar for each image"):
        fer.predict_batch([face] * 3, ids=ids)


def test_ids_of_arrow_keep_their_type(face):
    table = fer.predict_batch([face] * 3, ids=pa.array([1, None, 3])).to_arrow()
    assert table["id"].to_pylist() == [1, None, 3]
    assert table["id"].type == pa.int64()


def test_ids_that_are_no_text_become_text(face):
    batch = fer.predict_batch([face] * 2, ids=["caf\udce9.jpg", np.str_("b")])
    assert batch.to_arrow()["id"].to_pylist() == ["caf\ufffd.jpg", "b"]


@pytest.mark.parametrize("threads", [-1, 10**6, 2**70, 1.0, "2", None])
def test_wrong_threads_are_config_errors(faces, threads, tmp_path):
    for call in (
        lambda: fer.Classifier(threads=threads),
        lambda: fer.evaluate(faces / "test", model="crowd", threads=threads, progress=False),
        lambda: fer.audit(faces, threads=threads, progress=False),
        lambda: fer.train(faces, tmp_path / "run", threads=threads, progress=False),
    ):
        with pytest.raises(fer.ConfigError, match="threads"):
            call()


@pytest.mark.parametrize("threads", [np.int64(1), np.uint8(2), True])
def test_whole_numbers_of_any_kind_are_threads(face, threads):
    assert fer.Classifier(threads=threads).predict(face) == fer.predict(face)


@pytest.mark.parametrize(
    "priors", [5, ["a"] * 4, [None] * 4, {"happy": 1, "sad": 1, "neutral": 1, "surprise": 1, "angry": 1}]
)
def test_priors_that_are_no_shares_are_config_errors(face, priors):
    with pytest.raises(fer.ConfigError):
        fer.predict(face, priors=priors)


@pytest.mark.parametrize("seed", [10**30, -(10**30)])
def test_settings_beyond_64_bits_are_config_errors(faces, tmp_path, seed):
    with pytest.raises(fer.ConfigError, match="64 bits"):
        fer.train(faces, tmp_path / "run", seed=seed, progress=False)


@pytest.mark.parametrize("side", [0, 4097, 2**31])
def test_thumbnails_have_a_sensible_side(face, side):
    with pytest.raises(fer.ConfigError, match="1 to 4096"):
        fer.predict(face).thumbnail(side)


def test_images_to_leave_out_may_be_paths(faces):
    left_out = Path("happy") / "happy_000.jpg"
    whole = fer.evaluate(faces / "test", progress=False).n
    for exclude in ([left_out], iter([left_out]), [str(left_out)]):
        assert fer.evaluate(faces / "test", exclude=exclude, progress=False).n == whole - 1


def test_a_drawing_does_not_replace_its_image(face, tmp_path):
    image = tmp_path / "face.jpg"
    shutil.copy(face, image)
    (tmp_path / "link.jpg").symlink_to(image)
    prediction = fer.predict(image)
    for path in (image, tmp_path / "link.jpg", tmp_path / "." / "face.jpg"):
        with pytest.raises(fer.OutputError, match="an input"):
            prediction.save(path)
    assert image.read_bytes() == face.read_bytes()
    prediction.save(tmp_path / "drawn.jpg")
    prediction.save(tmp_path / "drawn.jpg")


def test_pages_replace_no_input_image_or_folder(faces, tmp_path):
    votes = tmp_path / "votes.csv"
    votes.write_text("file,happiness,sadness,neutral,surprise\ntest/happy/happy_000.jpg,9,0,0,1\n")
    image = tmp_path / "face.jpg"
    shutil.copy(faces / "test" / "sad" / "sad_000.jpg", image)
    for html, word in ((votes, "an input"), (image, "an image"), (tmp_path, "a folder")):
        with pytest.raises(fer.OutputError, match=word):
            fer.evaluate(faces / "test", votes=votes, html=html, progress=False)
    assert votes.read_text().startswith("file,")


def test_bytes_that_are_no_bytes_object_are_told_apart(face):
    content = face.read_bytes()
    assert answer(memoryview(content)) == answer(bytearray(content)) == answer(face)
    with pytest.raises(TypeError, match="expected an image"):
        fer.predict(array.array("B", content))


def test_a_damaged_exif_block_turns_nothing(face):
    file = io.BytesIO()
    Image.open(face).convert("RGB").save(file, "PNG", exif=b"Exif\0\0damaged, damaged")
    assert answer(Image.open(file)) == answer(file.getvalue())
