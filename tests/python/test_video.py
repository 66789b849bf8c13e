"""People followed through frames."""

import av
import numpy as np
import pytest
from PIL import Image

import fer


@pytest.fixture(scope="module")
def frames(examples):
    return sorted((examples / "clip").glob("*.jpg"))


@pytest.fixture(scope="module")
def timeline(frames):
    return fer.predict_video(frames[0].parent, frames_per_second=12.5)


def test_rows_run_through_time_and_name_people(timeline, frames):
    assert len(timeline) > 0
    times = timeline.column("time")
    assert times == sorted(times)
    assert set(times) <= {number / 12.5 for number in range(len(frames))}
    assert set(timeline.column("person")) == set(range(1 + max(timeline.column("person"))))
    for row in timeline:
        assert sum(row[emotion] for emotion in fer.EMOTIONS) == pytest.approx(1, abs=1e-5)
        assert sum(row[f"smoothed_{emotion}"] for emotion in fer.EMOTIONS) == pytest.approx(1, abs=1e-5)


def test_a_folder_its_files_and_their_pixels_are_the_same_video(timeline, frames):
    assert fer.predict_video(frames, frames_per_second=12.5) == timeline
    # Pillow decodes JPEG by another library: a grey level apart at most.
    arrays = (np.asarray(Image.open(frame)) for frame in frames)
    assert len(fer.predict_video(arrays, frames_per_second=12.5)) == pytest.approx(len(timeline), rel=0.1)


def test_timelines_become_tables_and_plots(timeline):
    assert list(timeline.to_pandas().columns) == timeline.to_polars().columns == timeline.columns
    empty = fer.predict_video([np.zeros((64, 64, 3), np.uint8)])
    assert (len(empty), empty.columns) == (0, timeline.columns)
    assert empty.to_polars().schema == timeline.to_polars().schema
    figure = timeline.plot()
    figure.canvas.draw()
    assert len(figure.axes) == len(set(timeline.column("person")))


def test_a_video_file_is_sampled(frames, tmp_path):
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=20)
        images = [np.asarray(Image.open(file).convert("RGB")) for file in frames]
        stream.height, stream.width, _ = images[0].shape
        stream.pix_fmt = "yuv420p"
        for image in images:
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    timeline = fer.predict_video(path, frames_per_second=5)
    times = sorted(set(timeline.column("time")))
    assert len(times) > 1
    assert np.diff(times).min() == pytest.approx(0.2, abs=0.01)


def test_what_is_no_video_is_refused(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video")
    with pytest.raises(fer.VideoError, match=r"clip\.mp4"):
        fer.predict_video(path)
    with pytest.raises(fer.VideoNotFoundError):
        fer.predict_video(tmp_path / "missing.mp4")
    with pytest.raises(ValueError, match="frames_per_second"):
        fer.predict_video([], frames_per_second=0)
