"""Files of a shared job, made by the code of their time, are opened for ever."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import shared_jobs
from job_builders import NEW, draw
from make_golden_shares import OF, PHOTOS, PLANNED

from matcher.jobs import Share, run_share
from matcher.jobs.executors.shards import read_shard
from matcher.jobs.sharing import working
from matcher.jobs.sharing.plan_files import find_folder, read_plan, read_tasks

GOLDEN = Path(__file__).parents[1] / "golden" / "shares-1"


def test_plan_tasks_and_results_are_read() -> None:
    expected = json.loads((GOLDEN / "expected.json").read_text())
    folder = find_folder(GOLDEN)
    plan = read_plan(folder)
    assert (plan.model, plan.detector, plan.batch) == (NEW.model, NEW.detector, PLANNED.batch)
    assert list(plan.photos) == expected["photos"]
    tasks = [task for n in (1, 2) for some in read_tasks(folder, n, plan) for task in some]
    found = {str(t.face_id): [t.sha256, t.reference, list(t.box)] for t in tasks}
    assert found == expected["tasks"]
    results = read_shard(folder / "results" / "0001-00000001.shard")
    assert results is not None
    assert [(one.face_id, one.status) for one in results] == [(9, "done"), (10, "done")]
    for one in results:
        assert set(one.vectors) == set(NEW.model.vector_names)
        for vector in one.vectors.values():
            assert np.linalg.norm(vector) == pytest.approx(1)


def test_shares_go_on_where_they_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(GOLDEN, tmp_path / "shares")
    for number in range(PHOTOS):
        draw(tmp_path / "photos" / f"{number}.png", number)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(working, "Decoders", shared_jobs.Direct)
    monkeypatch.setattr(working, "__version__", read_plan(find_folder(GOLDEN)).version)
    first, second = (
        run_share("shares", Share(number, OF), NEW, settings=PLANNED) for number in (1, 2)
    )
    assert (first.photos, first.worked) == (6, 0)
    assert (second.photos, second.worked) == (4, 4)
