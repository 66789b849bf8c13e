"""Faces behind HTTP: ``uvicorn serve:app``, then ``curl --data-binary @photo.jpg localhost:8000/faces``."""

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

import fer

LIMIT = 10 << 20
NOTICE = "A program estimates the expression that faces in your image show. The image is not stored."
classifier = fer.Classifier(threads=1)


def refused(status, kind, message):
    return JSONResponse({"error": {"kind": kind, "message": message}}, status)


async def faces(request):
    image = bytearray()
    async for part in request.stream():
        image += part
        if len(image) > LIMIT:
            return refused(413, "image_too_large", f"expected an image of at most {LIMIT} bytes")
    try:
        prediction = await run_in_threadpool(classifier.predict, bytes(image))
    except fer.ImageError as error:
        return refused(422, error.kind, str(error))
    return JSONResponse({"notice": NOTICE, "faces": prediction.to_dict()["faces"]})


app = Starlette(routes=[Route("/faces", faces, methods=["POST"])])
