"""What predictions are and how they show themselves."""

import json
from collections.abc import Sequence

import numpy as np
import pytest

import fer
from fer import Mistakes


@pytest.fixture
def prediction(photo):
    return fer.predict(photo)


def test_a_prediction_is_a_sequence_of_faces(prediction):
    assert isinstance(prediction, Sequence)
    assert len(prediction) == len(list(prediction)) == len(prediction.faces) > 1
    assert prediction[0] == prediction.faces[0]
    assert prediction[-1] in prediction
    assert prediction[:1] == prediction.faces[:1]
    with pytest.raises(IndexError):
        prediction[99]


def test_a_face_has_a_box_inside_the_image_and_probabilities(prediction):
    _, width, height = prediction.thumbnail(64)
    for face in prediction:
        x, y, box_width, box_height = face.box
        assert 0 <= x < x + box_width <= width
        assert 0 <= y < y + box_height <= height
        assert list(face.probabilities) == list(fer.EMOTIONS)
        assert sum(face.probabilities.values()) == pytest.approx(1, abs=1e-6)
        assert face.confidence == max(face.probabilities.values()) == face.probabilities[face.emotion]
        np.testing.assert_array_equal(
            np.asarray(face), np.array(list(face.probabilities.values()), np.float32)
        )


def test_the_largest_face_speaks_for_the_image(prediction):
    largest = max(prediction, key=lambda face: face.box[2] * face.box[3])
    assert prediction.largest == largest
    assert prediction.emotion == largest.emotion
    assert prediction.confidence == largest.confidence
    assert prediction.probabilities == largest.probabilities


def test_an_image_without_a_face_is_empty_and_no_error():
    prediction = fer.predict(np.zeros((300, 400, 3), np.uint8))
    assert len(prediction) == 0
    assert not prediction
    assert (prediction.emotion, prediction.confidence, prediction.probabilities) == (None, None, {})
    assert prediction.largest is None
    assert np.asarray(prediction).shape == (0, 4)
    with pytest.raises(ValueError, match="no face"):
        prediction.explain()
    assert "no face" in prediction._repr_html_()


def test_a_face_crop_is_taken_whole_and_says_so(face):
    prediction = fer.predict(face)
    assert len(prediction) == 1
    assert prediction[0].box is None
    assert prediction.path == str(face)


def test_dictionaries_are_json_and_have_the_keys_of_other_packages(prediction):
    data = json.loads(json.dumps(prediction.to_dict()))
    assert set(data) >= {"path", "error", "faces"}
    for face, found in zip(data["faces"], prediction, strict=True):
        x, y, width, height = face["box"]
        assert (x, y, width, height) == found.box
        assert face["emotions"] == face["probabilities"] == found.probabilities


def test_equal_images_give_equal_predictions(photo, prediction, face):
    assert fer.predict(photo) == prediction
    assert fer.predict(photo)[0] == prediction[0]
    assert fer.predict(face) != prediction
    assert prediction[0] != "happy"


def test_results_show_themselves(prediction):
    html = prediction._repr_html_()
    assert html.count("data:image/jpeg;base64,") == 1
    assert html.count("border:2px solid") == len(prediction)
    assert prediction[0].emotion in html
    assert prediction[0].emotion in repr(prediction)
    assert prediction[0].emotion in prediction[0]._repr_html_()
    assert repr(prediction[0]).startswith("Face(")


def test_label_sets_grow_as_the_error_rate_falls(face):
    found = fer.predict(face)[0]
    assert set(found.label_set(0)) == set(fer.EMOTIONS)
    assert set(found.label_set(0.5)) <= set(found.label_set(0.05))
    assert found.uncertain == (len(found.label_set()) > 1)


def test_a_label_set_begins_with_the_answer(prediction):
    for face in prediction:
        for rate in (0, 0.05, 0.1, 0.5, 1):
            assert face.label_set(rate)[0] == face.emotion
        assert face.label_set(1) == [face.emotion]


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan"), 10])
def test_an_error_rate_is_a_share(face, rate):
    with pytest.raises(fer.ConfigError, match="error rate"):
        fer.predict(face)[0].label_set(rate)


def test_uncertain_and_label_set_are_in_every_table(prediction):
    rows = prediction.to_pandas()
    for row, face, data in zip(rows.itertuples(), prediction, prediction.to_dict()["faces"], strict=True):
        assert row.uncertain == face.uncertain == data["uncertain"]
        assert row.label_set.split() == face.label_set() == data["label_set"]


def test_drawings_have_the_size_of_the_image(prediction, photo, tmp_path):
    from PIL import Image

    pixels = np.asarray(Image.open(photo).convert("RGB"))
    drawing = prediction.draw()
    assert (drawing.shape, drawing.dtype) == (pixels.shape, np.uint8)
    assert not np.array_equal(drawing, pixels)
    prediction.save(tmp_path / "drawn.png")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "drawn.png")), drawing)


def test_explanations_are_signed_maps_on_the_crop(prediction):
    explanation = prediction.explain()
    assert explanation.emotion == prediction.emotion
    assert explanation.crop.dtype == np.uint8
    assert explanation.crop.shape == explanation.heat_map.shape
    assert np.abs(explanation.heat_map).max() == 1
    assert explanation.overlay().shape == (*explanation.crop.shape, 3)
    assert explanation._repr_html_().count("data:image/jpeg") == 2
    other = prediction.explain(face=0, emotion="surprise")
    assert other.emotion == "surprise"
    with pytest.raises(fer.ConfigError):
        prediction.explain(emotion="bored")


def test_priors_move_probabilities_alike_as_text_and_numbers(face):
    uniform = fer.predict(face, priors="uniform")
    assert fer.predict(face, priors=[1, 1, 1, 1])[0].probabilities == pytest.approx(uniform[0].probabilities)
    assert fer.predict(face, priors=(1, 0, 1, 1)).probabilities["sad"] == 0


def test_a_classifier_predicts_like_the_function(face):
    classifier = fer.Classifier()
    assert classifier.predict(face) == fer.predict(face) == fer.predict(face, model=classifier)
    assert classifier.info["labels"] == list(fer.EMOTIONS)
    shifted = classifier.with_priors("uniform")
    assert shifted.predict(face) == fer.predict(face, priors="uniform")
    assert "uniform" in repr(shifted)
    assert fer.MODELS[0] in repr(classifier)


def test_a_drawing_into_a_missing_folder_is_an_output_error(prediction, tmp_path):
    path = tmp_path / "a" / "b.jpg"
    with pytest.raises(fer.OutputError, match="there is no folder") as raised:
        prediction.save(path)
    assert (raised.value.path, raised.value.kind) == (str(path), "not_found")
    assert "tmp" not in str(raised.value).replace(str(tmp_path), "")
    assert not isinstance(raised.value, fer.ImageError)


def test_an_unknown_emotion_is_refused_with_those_that_exist(prediction):
    with pytest.raises(fer.ConfigError) as raised:
        prediction.explain("angry")
    assert all(emotion in str(raised.value) for emotion in fer.EMOTIONS)
    assert prediction.explain("surprise").emotion == "surprise"


def test_what_a_loaded_file_says_is_escaped(face, tmp_path):
    rows = [{"path": str(face), "truth": "<script>", "emotion": "<img>", "confidence": 0.5}]
    html = Mistakes(rows, tmp_path)._repr_html_()
    assert "<script>" not in html
    assert "<img>" not in html
    assert "&lt;script&gt;" in html


def test_a_prediction_is_a_table_too(prediction):
    table = prediction.to_pandas()
    assert prediction.boxes == [face.box for face in prediction]
    assert list(zip(table["x"], table["y"], table["width"], table["height"], strict=True)) == prediction.boxes
    assert table["emotion"].tolist() == [face.emotion for face in prediction]
    empty = fer.predict(np.zeros((300, 400, 3), np.uint8)).to_table()
    assert empty["face"] == [None]


def test_the_reliability_plot_shows_counts_and_intervals(faces):
    scores = fer.evaluate(faces / "test", progress=False)
    [axes] = scores.plot_reliability().axes
    bins = [row for row in scores.to_dict()["reliability"] if row["count"]]
    assert [text.get_text() for text in axes.texts] == [f"n={row['count']}" for row in bins]
    assert len(axes.containers[0].lines[2][0].get_segments()) == len(bins)
