"""The faces of a folder of images by Spark: ``python examples/spark.py FOLDER OUT.parquet``."""

import sys

from pyspark.sql import SparkSession

import fer


# --8<-- [start:recipe]
def faces(batches):
    classifier = fer.Classifier(threads=1)
    for batch in batches:
        yield from classifier.predict_arrow(batch, image="content", keep=["path"])


def predict(spark, folder):
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(folder)
    return files.select("path", "content").mapInArrow(faces, "path string, " + fer.SCHEMA.ddl())
    # --8<-- [end:recipe]


def session(name):
    # Small files share a partition, each of which loads the model once; photos go in small batches.
    settings = {"spark.sql.files.openCostInBytes": 65536, "spark.sql.execution.arrow.maxRecordsPerBatch": 256}
    # Workers run the Python of this program, also where its environment is not activated.
    settings["spark.pyspark.python"] = sys.executable
    return SparkSession.builder.master(name).config(map=settings).getOrCreate()


if __name__ == "__main__":
    predict(session("local[*]"), sys.argv[1]).write.parquet(sys.argv[2])
