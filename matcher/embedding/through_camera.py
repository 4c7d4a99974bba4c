"""Find the faces of photos as a poor camera shows them: the probes of small, compressed photos."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from matcher.degradation import Camera
from matcher.embedding.extraction import PhotoExtraction
from matcher.embedding.extractor import Extractor
from matcher.errors import MatcherError
from matcher.faces import Face, OneFace, choose_faces
from matcher.failures import as_photo_errors
from matcher.photos import Photo, PhotoSource, load_photo, require_pixel_limit

_BATCH = 16  # number of photos and pictures held at a time


def extract_through(
    camera: Camera,
    extractor: Extractor,
    sources: Iterable[PhotoSource],
    *,
    choose: OneFace = "largest",
) -> Iterator[PhotoExtraction]:
    """Yield what is found of each photo in the picture that a camera takes of it, in order.

    The chosen face of the photo decides how far the whole photo is shrunk. In the picture, the face
    is found, aligned and embedded again, as that of a probe. A bad photo never ends the run.

    Parameters
    ----------
    camera
        The camera.
    extractor
        Finds and embeds faces.
    sources
        The photos.
    choose
        Which face is used, of the photo and of the picture.

    Yields
    ------
    PhotoExtraction
        `photo` is the photo as it is. The faces are those of the picture. The error is that of the
        photo if it has no such face, else that of the picture.
    """
    waiting = iter(sources)
    while batch := list(islice(waiting, _BATCH)):
        photos = extractor.load_each(batch)
        found = iter(extractor.detect_each([one for one in photos if isinstance(one, Photo)]))
        pictures = [
            _picture(camera, next(found), photo, choose, extractor)
            if isinstance(photo, Photo)
            else photo
            for photo in photos
        ]
        taken = [picture for picture in pictures if isinstance(picture, Photo)]
        seen = extractor.extract_many(taken, choose=choose, purpose="search")
        for source, photo, picture in zip(batch, photos, pictures, strict=True):
            read = photo if isinstance(photo, Photo) else None
            if isinstance(picture, MatcherError):
                yield PhotoExtraction(source, read, error=picture)
            else:
                yield replace(next(seen), source=source, photo=read)


def _picture(
    camera: Camera,
    faces: list[Face] | MatcherError,
    photo: Photo,
    choose: OneFace,
    extractor: Extractor,
) -> Photo | MatcherError:
    """Return the picture of a photo, or the error that leaves it without one."""
    if isinstance(faces, MatcherError):
        return faces
    try:
        (face,) = choose_faces(faces, choose, photo=photo)
        require_pixel_limit(camera.picture_size(photo.size, face.box), extractor.limits, photo.path)
        with as_photo_errors("the camera", photo.path):
            pixels = camera.photograph(photo.pixels, face.box)
            picture = load_photo(np.ascontiguousarray(pixels), limits=extractor.limits)
    except MatcherError as error:
        return error
    return replace(picture, path=photo.path, jpeg_quality=camera.saved_at)
