"""A video of three rendered people that the tests of tracks share."""

from __future__ import annotations

import pytest
import rendered_film
from rendered_cohort import Cohort
from rendered_film import Film


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> Film:
    """Two people who walk past each other, a cut, and a third one."""
    return rendered_film.write(tmp_path_factory.mktemp("film"), cohort)
