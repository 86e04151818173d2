"""Secrets by reference: where they may stand, and what is refused."""

from pathlib import Path

import pytest

from creditctl.adapters.secrets import read_secret, read_secret_word
from creditctl.errors import InvalidInput


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("  hunter2\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def test_a_secret_is_read_from_the_environment_or_a_file(
    secret_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "hunter2 ")

    assert read_secret("key", "env:A_SECRET") == b"hunter2"
    assert read_secret("key", f"file:{secret_file}") == b"hunter2"
    assert read_secret_word("key", f"file:{secret_file}") == "hunter2"


@pytest.mark.parametrize("reference", ["hunter2", "env:", "file:", "https://vault/secret", ""])
def test_a_secret_itself_is_no_reference_and_is_not_repeated(reference: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_secret("key", reference)
    assert refusal.value.detail == "key must say where the secret is, and must not be it"


def test_a_file_that_others_can_read_is_refused(secret_file: Path) -> None:
    secret_file.chmod(0o640)

    with pytest.raises(InvalidInput, match="others can read") as refusal:
        read_secret("key", f"file:{secret_file}")
    assert refusal.value.advice == f"run: chmod 600 {secret_file}"


@pytest.mark.parametrize("text", ["", "  \n", "-----BEGIN PRIVATE KEY-----\nMII=\n"])
def test_what_is_no_secret_is_refused(secret_file: Path, text: str) -> None:
    secret_file.write_text(text, encoding="utf-8")

    with pytest.raises(InvalidInput):
        read_secret("key", f"file:{secret_file}")


@pytest.mark.parametrize("text", ["two words", "one\ntwo", "tab\tbed", "schlüssel", "a\x00b"])
def test_what_cannot_stand_in_a_header_is_refused(secret_file: Path, text: str) -> None:
    secret_file.write_text(text, encoding="utf-8")

    with pytest.raises(InvalidInput, match="more than one word"):
        read_secret_word("key", f"file:{secret_file}")
