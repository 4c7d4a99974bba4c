"""The key of a person: where it comes from, what is refused, and that nothing ever shows it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from matcher.encryption import (
    KEY_FILE_VARIABLE,
    KEY_NAME,
    KEY_VARIABLE,
    GalleryKey,
    GalleryKeyError,
    change_key,
    keys_of,
    new_keys,
)
from matcher.errors import InputError, MissingExtraError

DIGITS = "5c" * 32


@pytest.fixture(autouse=True)
def no_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    monkeypatch.delenv(KEY_FILE_VARIABLE, raising=False)
    monkeypatch.setattr("matcher.encryption.envelope._GIVEN", [])


def test_a_key_is_saved_for_its_owner_only_and_read_again(tmp_path: Path) -> None:
    key = GalleryKey.new()
    key.save(tmp_path / "k")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    assert GalleryKey.from_file(tmp_path / "k") == key
    assert GalleryKey.new() != key


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    GalleryKey.new().save(tmp_path / "k")
    before = (tmp_path / "k").read_bytes()
    with pytest.raises(GalleryKeyError, match="never overwritten"):
        GalleryKey.new().save(tmp_path / "k")
    assert (tmp_path / "k").read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    GalleryKey.new().save(tmp_path / "k")
    (tmp_path / "k").chmod(mode)
    with pytest.raises(GalleryKeyError, match="chmod 600"):
        GalleryKey.from_file(tmp_path / "k")


@pytest.mark.parametrize("content", [b"", DIGITS[:-1].encode(), b"g" * 64, b"\xff" * 64])
def test_what_is_no_key_is_refused_and_not_repeated(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "k"
    place.touch(0o600)
    place.write_bytes(content)
    with pytest.raises(GalleryKeyError) as caught:
        GalleryKey.from_file(place)
    assert content[:8].decode("latin-1") not in str(caught.value) or not content


def test_the_environment_names_a_key_or_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert GalleryKey.from_environment() is None
    with pytest.raises(GalleryKeyError, match=KEY_FILE_VARIABLE):
        GalleryKey.required()
    monkeypatch.setenv(KEY_VARIABLE, DIGITS)
    assert GalleryKey.from_environment() == GalleryKey.of_text(DIGITS) == GalleryKey.required()
    GalleryKey.of_text(DIGITS).save(tmp_path / "k")
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(tmp_path / "k"))
    with pytest.raises(GalleryKeyError, match="both"):
        GalleryKey.from_environment()
    monkeypatch.delenv(KEY_VARIABLE)
    assert GalleryKey.from_environment() == GalleryKey.of_text(DIGITS)


def test_nothing_shows_a_key(tmp_path: Path) -> None:
    key = GalleryKey.of_text(DIGITS)
    keys = new_keys(key)
    for text in (repr(key), str(key), repr(keys), f"{keys!s}"):
        assert DIGITS not in text
        assert keys.data_key.hex() not in text
        assert repr(key.secret) not in text
    with pytest.raises(GalleryKeyError, match="never pickled"):
        pickle.dumps(key)
    keys.write_to(tmp_path)
    written = (tmp_path / KEY_NAME).read_text()
    assert DIGITS not in written
    assert keys.data_key.hex() not in written
    assert (tmp_path / KEY_NAME).stat().st_mode & 0o777 == 0o600


def test_only_the_right_key_opens_the_envelope(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, wrong = GalleryKey.new(), GalleryKey.new()
    made = new_keys(right)
    monkeypatch.setattr("matcher.encryption.envelope._GIVEN", [])
    assert keys_of(tmp_path) is None
    made.write_to(tmp_path)
    assert keys_of(tmp_path, right) == made
    with pytest.raises(GalleryKeyError, match="another key"):
        keys_of(tmp_path, wrong)
    with pytest.raises(GalleryKeyError, match="got none"):
        keys_of(tmp_path)
    monkeypatch.setenv(KEY_VARIABLE, wrong.secret.hex())
    with pytest.raises(GalleryKeyError, match="another key"):
        keys_of(tmp_path)
    monkeypatch.setenv(KEY_VARIABLE, right.secret.hex())
    assert keys_of(tmp_path) == made


def test_every_changed_byte_of_the_envelope_is_noticed(tmp_path: Path) -> None:
    key = GalleryKey.new()
    new_keys(key).write_to(tmp_path)
    content = (tmp_path / KEY_NAME).read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        (tmp_path / KEY_NAME).write_bytes(changed)
        with pytest.raises(GalleryKeyError):
            keys_of(tmp_path, key)


def test_an_envelope_of_a_later_format_is_named_as_such(tmp_path: Path) -> None:
    key = GalleryKey.new()
    new_keys(key).write_to(tmp_path)
    facts = json.loads((tmp_path / KEY_NAME).read_text())
    (tmp_path / KEY_NAME).write_text(json.dumps({**facts, "format": 2}))
    with pytest.raises(GalleryKeyError, match="format 2"):
        keys_of(tmp_path, key)


def test_another_key_can_lock_the_same_data_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = GalleryKey.new(), GalleryKey.new()
    made = new_keys(old)
    made.write_to(tmp_path)
    monkeypatch.setattr("matcher.encryption.envelope._GIVEN", [])
    with pytest.raises(GalleryKeyError, match="got none"):
        change_key(tmp_path, new)
    monkeypatch.setenv(KEY_VARIABLE, old.secret.hex())
    change_key(tmp_path, new)
    changed = keys_of(tmp_path, new)
    assert changed is not None
    assert changed.data_key == made.data_key
    with pytest.raises(GalleryKeyError, match="another key"):
        keys_of(tmp_path, old)
    change_key(tmp_path, new)  # a second time, as after an interruption
    assert keys_of(tmp_path, new) == changed


def test_a_gallery_that_is_not_encrypted_has_no_key_to_change(tmp_path: Path) -> None:
    with pytest.raises(GalleryKeyError, match="must be encrypted"):
        change_key(tmp_path, GalleryKey.new())


def test_keys_for_different_purposes_differ() -> None:
    keys = new_keys(GalleryKey.new())
    assert len({keys.store, keys.files, keys.data_key, keys.key.secret}) == 4


@pytest.mark.parametrize("wrong", [None, "5c" * 32, b"\0" * 32, 5])
def test_what_is_no_key_is_a_typed_error(wrong: object) -> None:
    with pytest.raises(InputError):
        new_keys(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [b"\0" * 31, "text", None])
def test_a_secret_has_32_bytes(wrong: object) -> None:
    with pytest.raises(GalleryKeyError):
        GalleryKey(wrong)  # type: ignore[arg-type]


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = GalleryKey.new()
    new_keys(key).write_to(tmp_path)
    monkeypatch.setattr("matcher.encryption.envelope.find_spec", {}.get)
    for use in (lambda: new_keys(key), lambda: keys_of(tmp_path, key)):
        with pytest.raises(MissingExtraError, match=r"cryptography.*sqlcipher3"):
            use()
