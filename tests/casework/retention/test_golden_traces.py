"""The traces of an erasure that an earlier version began are read by this one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from make_golden_encryption import TRACES

from matcher.casework.retention.traces import drop_traces, keep_traces, kept_traces
from matcher.encryption import GalleryKey, new_keys
from matcher.errors import GalleryDamagedError

GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("encryption-*"))


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_they_are_what_was_written(folder: Path) -> None:
    ((_, traces),) = kept_traces(folder / "casework")
    assert traces == TRACES
    np.testing.assert_array_equal(traces.vectors[0], TRACES.vectors[0])


@pytest.mark.parametrize("encrypted", [False, True])
def test_they_are_kept_and_dropped(tmp_path: Path, encrypted: bool) -> None:
    (tmp_path / "casework").mkdir()
    if encrypted:
        new_keys(GalleryKey.new()).write_to(tmp_path)
    path = keep_traces(tmp_path / "casework", TRACES)
    assert path.stat().st_mode & 0o777 == 0o600
    assert (b"subject-0001" in path.read_bytes()) is not encrypted
    ((place, traces),) = kept_traces(tmp_path / "casework")
    assert (place, traces) == (path, TRACES)
    drop_traces(path)
    assert list(kept_traces(tmp_path / "casework")) == []
    assert list((tmp_path / "casework").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{}", b'{"kind": 3}', b"\xff"])
def test_what_nobody_wrote_is_damage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "casework").mkdir()
    (tmp_path / "casework" / "erasing-1.json").write_bytes(content)
    with pytest.raises(GalleryDamagedError, match="traces of an erasure"):
        list(kept_traces(tmp_path / "casework"))
