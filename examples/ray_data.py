"""The faces of a folder of images by Ray Data: ``python examples/ray_data.py FOLDER OUT``."""

import sys

import ray

import fer


# --8<-- [start:recipe]
class Faces:
    def __init__(self):
        self.classifier = fer.Classifier(threads=1)

    def __call__(self, table):
        return self.classifier.predict_arrow(table, keep=["path"]).read_all()


def predict(folder, actors=2):
    files = ray.data.read_binary_files(folder, include_paths=True)
    pool = ray.data.ActorPoolStrategy(size=actors)
    # Half a core per actor leaves the rest to the tasks that read: actors that take every core wait for ever.
    return files.map_batches(Faces, batch_size=256, batch_format="pyarrow", num_cpus=0.5, compute=pool)
    # --8<-- [end:recipe]


if __name__ == "__main__":
    predict(sys.argv[1]).write_parquet(sys.argv[2])
