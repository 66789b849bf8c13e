"""Faces of a camera, or of a video file, while they are seen: ``python examples/webcam.py [FILE]``."""

import sys

import fer

source = sys.argv[1] if len(sys.argv) > 1 else 0
for frame in fer.stream(source):
    people = ", ".join(f"person {face['person']} {face['emotion']}" for face in frame)
    print(f"{frame.time:7.2f} s  {people or 'nobody'}", flush=True)
