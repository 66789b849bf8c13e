"""Face emotion recognition: happy, sad, neutral, surprise.

Predict, train and evaluate, offline, in one install.

>>> import numpy as np
>>> import fer
>>> face = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
>>> prediction = fer.predict(face, faces="whole")
>>> prediction.emotion in fer.EMOTIONS
True

What is predicted is an *apparent expression*, never a felt emotion (Barrett et al. 2019,
doi:10.1177/1529100619832930). The EU AI Act, Art. 5(1)(f), forbids inferring emotions of employees at work
and of pupils in education; people must be told where it is used (Art. 50(3)). It is not a medical device.
"""

from fer import insight
from fer._audit import Audit, audit
from fer._batch import Batch
from fer._classifier import Classifier
from fer._comparison import Comparison, compare
from fer._evaluation import Evaluation, Mistakes, Scores, evaluate
from fer._export import export
from fer._fer import EMOTIONS, MODELS, Face, __version__
from fer._predict import predict, predict_batch
from fer._prediction import Explanation, Prediction
from fer._schema import SCHEMA, Schema
from fer._stream import FrameFaces, stream
from fer._table import Table
from fer._training import TrainingRun, TrainOptions, train, train_defaults
from fer._video import Timeline, predict_video
from fer.exceptions import (
    ConfigError,
    DatasetError,
    DatasetNotFoundError,
    FerError,
    ImageError,
    ImageNotFoundError,
    ModelError,
    ModelNotFoundError,
    OutputError,
    PolicyError,
    RunNotFoundError,
    TrainingError,
    VideoError,
    VideoNotFoundError,
)

__all__ = [
    "EMOTIONS",
    "MODELS",
    "SCHEMA",
    "Audit",
    "Batch",
    "Classifier",
    "Comparison",
    "ConfigError",
    "DatasetError",
    "DatasetNotFoundError",
    "Evaluation",
    "Explanation",
    "Face",
    "FerError",
    "FrameFaces",
    "ImageError",
    "ImageNotFoundError",
    "Mistakes",
    "ModelError",
    "ModelNotFoundError",
    "OutputError",
    "PolicyError",
    "Prediction",
    "RunNotFoundError",
    "Schema",
    "Scores",
    "Table",
    "Timeline",
    "TrainOptions",
    "TrainingError",
    "TrainingRun",
    "VideoError",
    "VideoNotFoundError",
    "__version__",
    "audit",
    "compare",
    "evaluate",
    "export",
    "insight",
    "predict",
    "predict_batch",
    "predict_video",
    "stream",
    "train",
    "train_defaults",
]
