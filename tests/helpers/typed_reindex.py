"""What tests of the commands that re-index share: a gallery, a second model, a way to type."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import made_model
import pytest
from rendered_cohort import Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.gallery import Gallery


def run(*words: object, code: int = 0) -> Any:
    """Type a command; it ends with that code and shows no trace."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> Path:
    """A folder with photos, their gallery, and a second model."""
    folder = tmp_path_factory.mktemp("reindex")
    shutil.copytree(cohort.folder / "early", folder / "photos")
    run("enrol", folder / "g", folder / "photos" / "manifest.csv")
    made_model.write(folder)
    return folder


@pytest.fixture
def gallery(home: Path, tmp_path: Path) -> Path:
    """A copy of the gallery."""
    shutil.copytree(home / "g", tmp_path / "g")
    return tmp_path / "g"


def model_name(gallery: Path) -> str:
    """Return the name of the model that made the vectors."""
    with Gallery.open(gallery) as opened:
        return opened.model.name
