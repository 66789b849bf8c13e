"""People followed through frames."""

import subprocess
import sys
import threading
import time

import av
import numpy as np
import pytest
from PIL import Image

import fer
from fer import _fer, _sources


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
    arrays = (np.asarray(Image.open(frame)) for frame in frames)
    assert fer.predict_video(arrays, frames_per_second=12.5) == timeline


def test_timelines_become_tables_and_plots(timeline):
    assert list(timeline.to_pandas().columns) == timeline.to_polars().columns == timeline.columns
    empty = fer.predict_video([np.zeros((64, 64, 3), np.uint8)])
    assert (len(empty), empty.columns) == (0, timeline.columns)
    assert empty.to_polars().schema == timeline.to_polars().schema
    figure = timeline.plot()
    figure.canvas.draw()
    assert len(figure.axes) == len(set(timeline.column("person")))


@pytest.fixture(scope="module")
def clip(frames, tmp_path_factory):
    """The drawn frames as a video file of 20 frames per second."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=20)
        images = [np.asarray(Image.open(file).convert("RGB")) for file in frames]
        stream.height, stream.width, _ = images[0].shape
        stream.pix_fmt = "yuv420p"
        for image in images:
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_video_file_is_sampled(clip):
    timeline = fer.predict_video(clip, frames_per_second=5)
    times = sorted(set(timeline.column("time")))
    assert len(times) > 1
    assert np.diff(times).min() == pytest.approx(0.2, abs=0.01)


def rows(stream):
    return [{"time": frame.time, **row} for frame in stream for row in frame]


def test_a_stream_has_the_rows_of_the_timeline_as_they_come(timeline, frames):
    read = []

    def arriving():
        for frame in frames:
            read.append(frame)
            yield frame

    stream = fer.stream(arriving(), frames_per_second=12.5)
    assert read == []
    first = next(stream)
    assert (len(read), first.time, first.image) == (1, 0.0, frames[0])
    assert first.draw().shape == np.asarray(Image.open(frames[0])).shape
    found = [*map(dict, first), *(dict(row) for frame in stream for row in frame)]
    own = [name for name in timeline.columns if not name.startswith("smoothed")]
    assert values(found, own) == values(timeline, own)


def values(rows, names):
    return [[row[name] for name in names] for row in rows]


def test_what_is_complete_is_smoothed_both_ways(timeline, frames):
    columns = [f"smoothed_{emotion}" for emotion in fer.EMOTIONS]
    live = values((row for frame in fer.stream(frames, frames_per_second=12.5) for row in frame), columns)
    folder = values(
        (row for frame in fer.stream(frames[0].parent, frames_per_second=12.5) for row in frame), columns
    )
    assert folder == values(timeline, columns)
    assert folder != live
    # One person in every frame: a mean over 0.4 s before and after, with weights that fall linearly.
    times = np.array(timeline.column("time"))
    raw = np.array(values(timeline, fer.EMOTIONS), np.float64)
    weights = np.clip(1 - np.abs(times[:, None] - times) / 0.4, 0, None)
    np.testing.assert_allclose(folder, weights @ raw / weights.sum(axis=1, keepdims=True), atol=1e-6)


class Capture:
    """What ``cv2.VideoCapture`` offers, over images in RGB order."""

    def __init__(self, images, count):
        self._images = iter(images)
        self._properties = {5: 12.5, 7: count}
        self.released = False

    def isOpened(self):  # noqa: N802 - the name in OpenCV
        return True

    def get(self, number):
        return self._properties[number]

    def read(self):
        image = next(self._images, None)
        return image is not None, None if image is None else image[:, :, ::-1]

    def release(self):
        self.released = True


def test_captures_are_bgr_and_have_the_times_of_their_file_or_of_the_clock(frames):
    images = [np.asarray(Image.open(frame).convert("RGB")) for frame in frames[:6]]
    expected = rows(fer.stream(images, frames_per_second=12.5))
    file = Capture(images, len(images))
    assert rows(fer.stream(file)) == expected
    assert file.released
    camera = list(fer.stream(Capture(images, 0)))
    times = [frame.time for frame in camera]
    assert len(times) == len(images)
    assert times == sorted(set(times))
    assert [len(frame) for frame in camera] == [len(frame) for frame in fer.stream(images)]
    np.testing.assert_array_equal(camera[0].draw(), next(iter(fer.stream(images))).draw())


def test_a_folder_is_followed_while_it_is_written(frames, tmp_path):
    folder = tmp_path / "arriving"
    folder.mkdir()

    def write():
        for frame in frames[:8]:
            content = frame.read_bytes()
            with (folder / frame.name).open("wb") as file:
                file.write(content[: len(content) // 2])
                file.flush()
                time.sleep(0.02)
                file.write(content[len(content) // 2 :])

    writer = threading.Thread(target=write)
    writer.start()
    found = list(fer.stream(folder, frames_per_second=12.5, wait=1.5))
    writer.join()
    assert [frame.image.name for frame in found] == [frame.name for frame in frames[:8]]
    assert rows(found) == rows(fer.stream(frames[:8], frames_per_second=12.5))


def test_the_webcam_example_runs_on_a_file(examples, clip):
    done = subprocess.run(
        [sys.executable, examples / "webcam.py", clip], check=True, capture_output=True, text=True, timeout=60
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(list(fer.stream(clip)))
    assert "person 0" in lines[0]


def test_a_timeline_is_drawn_into_a_video(timeline, frames, clip, tmp_path):
    path = tmp_path / "drawn.mp4"
    timeline.save_video(path)
    drawn = [frame.image for frame in fer.stream(path, frames_per_second=12.5)]
    assert len(drawn) == len(frames)
    plain = np.asarray(Image.open(frames[0]).convert("RGB")).astype(int)
    changed = np.abs(drawn[0].astype(int) - plain[: drawn[0].shape[0], : drawn[0].shape[1]]).max(axis=2) > 60
    row = timeline[0]
    assert changed[row["y"] : row["y"] + row["height"], row["x"] : row["x"] + row["width"]].any()
    assert changed.mean() < 0.3
    with pytest.raises(fer.OutputError, match="exists already"):
        timeline.save_video(path)
    with pytest.raises(ValueError, match="frames are gone"):
        fer.predict_video(frames).save_video(tmp_path / "other.mp4")
    fer.predict_video(clip).save_video(tmp_path / "clip-drawn.mp4")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["clip-drawn.mp4", "drawn.mp4"]


SECONDS = ("-t", "2")
CLIPS = {
    "plain.mp4": ("-c:v", "mpeg4"),
    "ntsc.mp4": ("-c:v", "mpeg4", "-r", "30000/1001"),
    "variable.mkv": ("-c:v", "mpeg4", "-vf", "select='not(mod(n,3))+lt(t,0.5)'", "-vsync", "vfr"),
    "one.mp4": ("-c:v", "mpeg4", "-frames:v", "1"),
    "late.ts": ("-c:v", "mpeg2video", "-r", "25", "-output_ts_offset", "3"),
    "anamorphic.mp4": ("-c:v", "mpeg4", "-vf", "scale=iw/2:ih,setsar=2"),
    "odd.mkv": ("-c:v", "ffv1", "-vf", "crop=301:201"),
}


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *map(str, arguments)], check=True)


@pytest.fixture(scope="module")
def clips(examples, tmp_path_factory):
    """Clips of the kinds that people report, by name, made by FFmpeg."""
    folder = tmp_path_factory.mktemp("clips")
    source = ("-framerate", "12", "-i", examples / "clip" / "frame_%02d.jpg")
    for name, options in CLIPS.items():
        ffmpeg(*source, *SECONDS, *options, folder / name)
    clips = {name: folder / name for name in CLIPS}
    turned = folder / "turned.mp4"
    try:
        ffmpeg("-display_rotation", "90", "-i", clips["plain.mp4"], "-c", "copy", turned)
    except subprocess.CalledProcessError:  # before FFmpeg 6
        ffmpeg("-i", clips["plain.mp4"], "-c", "copy", "-metadata:s:v:0", "rotate=90", turned)
    return {**clips, "turned.mp4": turned}


@pytest.mark.parametrize("rate", [2, 5, 10, 12, 25, 29.97, 100])
@pytest.mark.parametrize("name", [*CLIPS, "turned.mp4"])
def test_ffmpeg_and_pyav_give_the_same_frames(clips, name, rate):
    by_ffmpeg = list(_fer.VideoFrames(clips[name], rate))
    by_pyav = list(_sources._sampled(_sources._decoded(clips[name]), rate))
    assert [time for time, _ in by_ffmpeg] == pytest.approx([time for time, _ in by_pyav], abs=2e-3)
    for (_, a), (_, b) in zip(by_ffmpeg, by_pyav, strict=True):
        assert a.shape == b.shape
        # Two builds of the same decoder: colors are rounded differently.
        assert np.abs(a.astype(int) - b).mean() < 3


def test_a_turned_clip_is_upright_and_pixels_are_square(clips, frames):
    height, width, _ = np.asarray(Image.open(frames[0]).convert("RGB")).shape
    for name, shape in {
        "plain.mp4": (height, width),
        "turned.mp4": (width, height),
        "anamorphic.mp4": (height, width // 2 * 2),
    }.items():
        _, frame = next(_fer.VideoFrames(clips[name], 1))
        assert frame.shape[:2] == shape, name


def test_the_command_and_python_give_the_same_rows(clips, monkeypatch, capfd):
    timeline = fer.predict_video(clips["ntsc.mp4"], frames_per_second=4)
    arguments = ["predict", "--format", "csv", "--frames-per-second", "4", str(clips["ntsc.mp4"])]
    assert _fer.run_cli(["fer", *arguments]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) - 1 == len(timeline) == 8
    assert [float(line.split(",")[1]) for line in lines[1:]] == timeline.column("time")
    monkeypatch.setattr(_sources, "which", lambda _: None)
    by_pyav = fer.predict_video(clips["ntsc.mp4"], frames_per_second=4)
    assert len(by_pyav) == len(timeline)


@pytest.mark.parametrize("has_ffmpeg", [True, False])
def test_a_cut_video_is_an_error_that_carries_its_rows(clips, tmp_path, monkeypatch, has_ffmpeg):
    if not has_ffmpeg:
        monkeypatch.setattr(_sources, "which", lambda _: None)
    whole = tmp_path / "whole.mp4"
    ffmpeg("-i", clips["plain.mp4"], "-c", "copy", "-movflags", "+faststart", whole)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    with pytest.raises(fer.VideoError, match=r"cut\.mp4") as raised:
        fer.predict_video(cut)
    assert len(raised.value.timeline) > 3


def test_frames_that_end_in_an_exception_leave_their_rows(frames):
    def camera():
        yield from frames[:4]
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged") as raised:
        fer.predict_video(camera(), frames_per_second=12)
    assert len(raised.value.timeline) == 4


@pytest.mark.parametrize("has_ffmpeg", [True, False])
def test_a_file_without_video_says_so(tmp_path, monkeypatch, has_ffmpeg):
    if not has_ffmpeg:
        monkeypatch.setattr(_sources, "which", lambda _: None)
    sound = tmp_path / "sound.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", sound)
    with pytest.raises(fer.VideoError, match=r"sound\.mp4.*(no video|no streams)"):
        fer.predict_video(sound)


def test_what_is_no_video_is_refused(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video")
    with pytest.raises(fer.VideoError, match=r"clip\.mp4"):
        fer.predict_video(path)
    with pytest.raises(fer.VideoNotFoundError):
        fer.predict_video(tmp_path / "missing.mp4")
    for call in (fer.predict_video, fer.stream):
        with pytest.raises(ValueError, match="frames_per_second"):
            call([], frames_per_second=0)

    for rate in (0, -1, float("nan"), float("inf"), 1e9):
        with pytest.raises(ValueError, match="frames_per_second"):
            fer.predict_video([], frames_per_second=rate)
