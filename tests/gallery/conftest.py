"""Galleries to test with."""

import pytest
from gallery_builders import MODEL, enrolment

from matcher.gallery import Gallery


@pytest.fixture
def gallery(tmp_path):
    """An empty gallery."""
    with Gallery.create(tmp_path / "gallery", model=MODEL) as made:
        yield made


@pytest.fixture
def filled(gallery):
    """A gallery of ten subjects with four photos each: photos 0 to 39, face ids 1 to 40."""
    gallery.add([enrolment(number) for number in range(40)])
    return gallery
