"""Every kind of image, and how kinds of one image agree."""

import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fer


@pytest.fixture
def png(face, tmp_path):
    """A lossless color copy of a face: every decoder gives the same pixels."""
    path = tmp_path / "face.png"
    Image.open(face).convert("RGB").resize((90, 80)).save(path)
    return path


def probabilities(image, **options):
    return np.asarray(fer.predict(image, **options))


def test_path_bytes_array_and_pillow_agree_to_the_bit(png):
    array = np.asarray(Image.open(png))
    expected = probabilities(str(png))
    assert expected.shape == (1, 4)
    for image in (
        png,
        png.read_bytes(),
        bytearray(png.read_bytes()),
        memoryview(png.read_bytes()),
        array,
        Image.open(png),
        array / 255,
        (array / 255).astype(np.float32),
        np.dstack([array, np.full(array.shape[:2], 9, np.uint8)]),
        Image.open(png).convert("RGBA"),
    ):
        np.testing.assert_array_equal(probabilities(image), expected, err_msg=repr(type(image)))


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_gives_the_answer_of_its_pillow_image_to_the_bit(photo, tmp_path, subsampling, progressive):
    path = tmp_path / "photo.jpg"
    Image.open(photo).save(path, quality=80, subsampling=subsampling, progressive=progressive)
    expected = fer.predict(Image.open(path))
    assert len(expected) > 3
    for image in (path, path.read_bytes(), np.asarray(Image.open(path))):
        found = fer.predict(image)
        assert found.boxes == expected.boxes
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


def test_gray_images_agree_in_every_form(face):
    gray = Image.open(face).convert("L")
    array = np.asarray(gray)
    expected = probabilities(array)
    for image in (gray, array[:, :, None], np.repeat(array[:, :, None], 3, axis=2), gray.convert("LA")):
        np.testing.assert_array_equal(probabilities(image), expected)


def test_sixteen_bits_agree_with_the_file(face, tmp_path):
    array = np.asarray(Image.open(face).convert("L")).astype(np.uint16) * 257
    path = tmp_path / "sixteen.png"
    Image.fromarray(array).save(path)
    np.testing.assert_array_equal(probabilities(Image.open(path)), probabilities(path))


def test_one_bit_and_palette_images_agree_with_the_file(face, tmp_path):
    for name, image in {
        "bits.png": Image.open(face).convert("1"),
        "palette.png": Image.open(face).convert("RGB").quantize(16),
    }.items():
        image.save(tmp_path / name)
        np.testing.assert_array_equal(
            probabilities(Image.open(tmp_path / name)), probabilities(tmp_path / name)
        )


def test_orientation_is_honored_alike_in_files_and_pillow_images(face, tmp_path):
    upright = Image.open(face).convert("RGB").resize((60, 80))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    path = tmp_path / "turned.png"
    upright.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    expected = probabilities(np.asarray(upright))
    np.testing.assert_array_equal(probabilities(path), expected)
    np.testing.assert_array_equal(probabilities(Image.open(path)), expected)


def test_bgr_arrays_are_told_by_the_switch(png):
    array = np.asarray(Image.open(png))
    expected = probabilities(png)
    np.testing.assert_array_equal(probabilities(array[:, :, ::-1], bgr=True), expected)
    bgra = np.dstack([array[:, :, ::-1], np.zeros(array.shape[:2], np.uint8)])
    np.testing.assert_array_equal(probabilities(bgra, bgr=True), expected)
    np.testing.assert_array_equal(probabilities(png, bgr=True), expected)
    assert not np.array_equal(probabilities(array[:, :, ::-1]), expected)


def test_arrays_need_not_be_contiguous(png):
    array = np.asarray(Image.open(png))
    wide = np.zeros((array.shape[0] + 8, array.shape[1] + 8, 3), np.uint8)
    wide[4:-4, 4:-4] = array
    np.testing.assert_array_equal(probabilities(wide[4:-4, 4:-4]), probabilities(array))
    np.testing.assert_array_equal(probabilities(np.asfortranarray(array)), probabilities(array))
    np.testing.assert_array_equal(
        probabilities(array[::-1, ::2]), probabilities(np.ascontiguousarray(array[::-1, ::2]))
    )


def test_anything_that_turns_into_an_array_is_an_image(png):
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return np.asarray(Image.open(png), dtype=dtype)

    np.testing.assert_array_equal(probabilities(Tensor()), probabilities(png))


@pytest.mark.parametrize(
    ("array", "hint"),
    [
        (np.zeros((3, 48, 48), np.uint8), "transpose"),
        (np.zeros((1, 48, 48, 3), np.uint8), "predict_batch"),
        (np.zeros(48, np.uint8), "shape"),
        (np.zeros((48, 48, 2), np.uint8), "shape"),
        (np.zeros((0, 48), np.uint8), "no pixels"),
        (np.zeros((48, 48), np.int64), "uint8"),
        (np.zeros((48, 48), np.complex64), "uint8"),
        (np.full((48, 48), 200, np.uint16), ".astype"),
        (np.full((48, 48), 200, ">u2"), ".astype"),
        (np.full((48, 48), 70_000.0, np.float64), "divide by 255"),
        (np.frombuffer(b"encoded", np.uint8), ".tobytes()"),
        (np.full((48, 48), 255.0), "divide by 255"),
        (np.full((48, 48), -0.1, np.float32), "divide by 255"),
        (np.full((48, 48), np.nan), "[0, 1]"),
    ],
)
def test_arrays_that_are_no_image_are_refused_with_what_to_do(array, hint):
    with pytest.raises(fer.ImageError) as raised:
        fer.predict(array)
    assert hint in str(raised.value)
    assert raised.value.kind == "invalid_image"


@pytest.mark.parametrize("value", [None, 3, ["a.jpg"], {"a": 1}, object()])
def test_what_is_no_image_at_all_is_a_type_error(value):
    with pytest.raises(TypeError, match="expected an image"):
        fer.predict(value)


def test_missing_files_are_file_not_found(tmp_path):
    path = tmp_path / "nobody.jpg"
    with pytest.raises(fer.ImageNotFoundError) as raised:
        fer.predict(path)
    assert isinstance(raised.value, FileNotFoundError)
    assert raised.value.kind == "not_found"
    assert raised.value.path == str(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("content", "kind"), [(b"", "corrupt_image"), (b"text that someone renamed", "unsupported_image")]
)
def test_bad_files_and_bytes_have_a_kind(content, kind, tmp_path):
    path = tmp_path / "bad.jpg"
    path.write_bytes(content)
    for image in (path, content):
        with pytest.raises(fer.ImageError) as raised:
            fer.predict(image)
        assert raised.value.kind == kind


def test_cut_files_are_refused(face):
    content = Path(face).read_bytes()
    with pytest.raises(fer.ImageError) as raised:
        fer.predict(content[: len(content) // 3])
    assert raised.value.kind == "corrupt_image"
    stream = io.BytesIO()
    Image.open(face).save(stream, "PNG")
    with pytest.raises(fer.ImageError):
        fer.predict(stream.getvalue()[:200])


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"faces": "some"}, fer.ConfigError),
        ({"priors": "1,2"}, fer.ConfigError),
        ({"priors": [1, 2, 3, -1]}, fer.ConfigError),
        ({"model": "nobody"}, fer.ModelNotFoundError),
        ({"model": "no/such/file.safetensors"}, fer.ModelNotFoundError),
    ],
)
def test_bad_options_are_named(face, options, error):
    with pytest.raises(error):
        fer.predict(face, **options)


def test_bad_model_files_are_model_errors(face, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"weights, honestly")
    with pytest.raises(fer.ModelError):
        fer.predict(face, model=path)


def test_a_folder_is_sent_to_predict_batch(faces):
    with pytest.raises(fer.ImageError, match="predict_batch"):
        fer.predict(faces)


def test_arrays_of_every_number_type_mean_the_same_image(png):
    array = np.asarray(Image.open(png))
    expected = probabilities(array)
    unit = array / 255
    for image in (
        unit.astype(np.float16),
        unit.astype(">f4"),
        unit.astype(">f8"),
        unit * 1.0000001,
        unit - 1e-9,
        array.astype(np.uint16) * 257,
        array.astype(">u2") * 257,
    ):
        np.testing.assert_array_equal(probabilities(image), expected, err_msg=str(image.dtype))


def test_masks_are_black_and_white(png):
    mask = np.asarray(Image.open(png).convert("L")) > 127
    expected = probabilities(mask.astype(np.uint8) * 255)
    np.testing.assert_array_equal(probabilities(mask), expected)


def test_pillow_floats_and_integers_are_what_their_arrays_are(png):
    array = np.asarray(Image.open(png).convert("L"))
    expected = probabilities(array)
    floats = Image.fromarray((array / 255).astype(np.float32))
    integers = Image.fromarray(array.astype(np.int32) * 257)
    assert (floats.mode, integers.mode) == ("F", "I")
    np.testing.assert_array_equal(probabilities(floats), expected)
    np.testing.assert_array_equal(probabilities(integers), expected)
    for ambiguous in (Image.fromarray(array.astype(np.float32)), Image.fromarray(array.astype(np.int32))):
        with pytest.raises(fer.ImageError):
            fer.predict(ambiguous)


def test_open_files_are_read_from_their_beginning(png):
    expected = probabilities(png)
    stream = io.BytesIO()
    stream.write(png.read_bytes())
    np.testing.assert_array_equal(probabilities(stream), expected)
    with png.open("rb") as file:
        prediction = fer.predict(file)
    np.testing.assert_array_equal(np.asarray(prediction), expected)
    assert prediction.thumbnail(64)[1:] == (90, 80)
    with pytest.raises(fer.ImageError, match="closed"):
        fer.predict(file)
    with png.with_name("text.txt").open("w+") as text, pytest.raises(TypeError, match="rb"):
        fer.predict(text)


def test_pillow_images_that_cannot_be_read_are_image_errors(png, face):
    cut = Image.open(io.BytesIO(png.read_bytes()[:400]))
    closed = Image.open(png)
    closed.close()
    for image in (cut, closed):
        with pytest.raises(fer.ImageError) as raised:
            fer.predict(image)
        assert raised.value.kind == "corrupt_image"
    cut = Image.open(io.BytesIO(png.read_bytes()[:400]))
    batch = fer.predict_batch([face, cut, closed, face])
    assert [item.error is None for item in batch] == [True, False, False, True]
    assert batch[3] == fer.predict(face)


@pytest.mark.parametrize("copy", [None, True])
def test_arrays_of_results_are_copies_and_say_so(face, copy):
    prediction = fer.predict(face)
    for result in (prediction, prediction[0]):
        assert np.array(result, copy=copy).dtype == np.float32
        with pytest.raises(ValueError, match="copy"):
            np.array(result, copy=False)


def test_priors_may_be_named(face):
    named = {"surprise": 4, "happy": 1, "sad": 2, "neutral": 3}
    assert fer.predict(face, priors=named) == fer.predict(face, priors=[1, 2, 3, 4])
    with pytest.raises(fer.ConfigError):
        fer.predict(face, priors={"happy": 1})


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_not_utf8_can_be_opened_again(face, tmp_path):
    content = face.read_bytes()
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg"))).write_bytes(content)
    batch = fer.predict_batch(tmp_path)
    assert Path(batch[0].path).read_bytes() == content
    assert fer.predict(batch[0].path).path == batch[0].path
    # Tables are text: there the byte is the replacement character.
    assert batch.to_arrow()["path"].to_pylist()[0].endswith("caf\ufffd.jpg")
    assert json.loads(json.dumps(batch.to_dicts()))[0]["path"] == batch[0].path


def test_what_is_no_image_is_named(tmp_path):
    for name, content, word in (
        ("a.jpg", b"\0\0\0\x20ftypisom\0\0\2\0", "video"),
        ("b.jpg", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("c.jpg", b"\0\0\0\x18ftypheix", "HEIC"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(fer.ImageError, match=word):
            fer.predict(tmp_path / name)
    with pytest.raises(fer.ImageNotFoundError, match="an address is no path"):
        fer.predict("https://example.org/a.jpg")
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x20ftypisom\0\0\2\0")
    names = [Path(item.path).name for item in fer.predict_batch(tmp_path)]
    assert names == ["a.jpg", "b.jpg", "c.jpg", "clip.mp4"]
