"""Faces that the caller, or another package, has found."""

import numpy as np
import pytest
from PIL import Image

import fer


def test_boxes_are_judged_in_their_order_in_all_usual_forms(photo):
    found = fer.predict(photo)
    boxes = [face.box for face in found][::-1]
    judged = fer.predict(photo, boxes=boxes)
    assert judged.boxes == boxes
    assert [face.probabilities for face in judged] == [face.probabilities for face in found][::-1]
    assert all(face.score is None for face in judged)
    forms = [
        np.array([[*box, 0.99] for box in boxes]),
        [{"box": list(box), "confidence": 0.99} for box in boxes],
        [{"facial_area": dict(zip("xywh", box, strict=True)), "confidence": 0.99} for box in boxes],
    ]
    assert all(fer.predict(photo, boxes=form) == judged for form in forms)
    assert len(fer.predict(photo, boxes=[])) == 0


def test_a_detector_gets_rgb_and_finds_the_faces(photo):
    seen = []
    box = fer.predict(photo)[0].box

    def detector(image):
        seen.append(image)
        return [box]

    assert fer.predict(photo, detector=detector) == fer.predict(photo, boxes=[box])
    pixels = np.asarray(Image.open(photo).convert("RGB"))
    fer.predict(np.ascontiguousarray(pixels[:, :, ::-1]), detector=detector, bgr=True)
    np.testing.assert_array_equal(seen[1], pixels)
    assert len(fer.predict(photo, detector=lambda image: None)) == 0


def test_bad_boxes_are_refused_and_stop_no_batch(photo):
    for box in [(0, 0, 5), "abcd", {"x": 1}, (9000, 0, 5, 5), (0, 0, 0, 5), (0, 0, float("nan"), 5)]:
        with pytest.raises(fer.ConfigError):
            fer.predict(photo, boxes=[box])
    with pytest.raises(fer.ConfigError):
        fer.predict(photo, boxes=[], detector=list)
    with pytest.raises(TypeError, match="detector"):
        fer.predict(photo, detector=3)
    with pytest.raises(fer.ConfigError, match="1 images for 2 images"):
        fer.predict_batch([photo, photo], boxes=[[]])
    batch = fer.predict_batch(
        [photo, "missing.jpg", photo], boxes=[[(9000, 0, 5, 5)], [], [(10, 10, 90, 90)]]
    )
    assert [prediction.error is None for prediction in batch] == [False, False, True]
    assert len(batch[2]) == 1

    def failing(image):
        raise ValueError("no weights")

    with pytest.raises(fer.ImageError, match="no weights") as raised:
        fer.predict(photo, detector=failing)
    assert raised.value.kind == "detector"
    assert isinstance(raised.value.__cause__, ValueError)
    assert fer.predict_batch([photo], detector=failing)[0].error.kind == "detector"


def test_a_stream_takes_boxes_as_they_come(photo):
    boxes = fer.predict(photo).boxes
    given = [boxes[:1], None, [], boxes]
    expected = [fer.predict(photo, boxes=some) for some in given]
    assert list(fer.predict_batch([photo] * 4, boxes=given, stream=True)) == expected
    assert list(fer.predict_batch((photo for _ in given), boxes=iter(given), stream=True)) == expected
    missing = list(fer.predict_batch([photo, None], boxes=[boxes[:1], []], stream=True))
    assert missing[0] == expected[0]
    assert missing[1].error.kind == "missing"


def test_boxes_that_do_not_fit_the_images_are_refused(photo):
    with pytest.raises(fer.ConfigError, match="boxes of 1 images for 2"):
        fer.predict_batch([photo, photo], boxes=[[]], stream=True)
    for given, images in ((iter([[]]), 2), (iter([[], []]), 1)):
        stream = fer.predict_batch((photo for _ in range(images)), boxes=given, stream=True)
        assert len(next(stream)) == 0
        with pytest.raises(fer.ConfigError, match="boxes of"):
            next(stream)
    with pytest.raises(fer.ConfigError, match="expected one of them"):
        fer.predict_batch([photo], boxes=[[]], detector=list)
