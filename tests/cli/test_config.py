"""Settings: where they come from, profiles, ceilings, and secrets that are only referred to."""

from pathlib import Path

import pytest

from creditctl.config import read_config, settings_from
from creditctl.context import Settings
from creditctl.errors import InvalidInput


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(folder: Path, text: str) -> Settings:
    (folder / "creditctl.toml").write_text(text, encoding="utf-8")
    return settings_from(read_config({}))


def test_ceilings_are_a_table_or_a_text(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {"alice": 10_000_000_000, "*": 500_500_000}
    assert settings(here, '[ceilings]\nalice = 10000\n"*" = "500.5"\n').ceilings == expected
    assert settings(here, 'ceilings = "alice=10000, *=500.5"').ceilings == expected
    monkeypatch.setenv("CREDITCTL_CEILINGS", "bob=1")
    assert settings(here, 'ceilings = "alice=1"').ceilings == {"bob": 1_000_000}


@pytest.mark.parametrize("text", ["alice", "alice:5", "=5", "alice=lots"])
def test_a_ceiling_that_is_none_is_refused(here: Path, text: str) -> None:
    with pytest.raises(InvalidInput):
        settings(here, f'ceilings = "{text}"')


def test_a_profiles_settings_come_before_the_files(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'db = "live.db"\nactor = "ops"\n[profiles.staging]\ndb = "staging.db"\n'
    (here / "creditctl.toml").write_text(text, encoding="utf-8")
    monkeypatch.delenv("CREDITCTL_ACTOR")
    assert read_config({})["db"] == "live.db"
    monkeypatch.setenv("CREDITCTL_PROFILE", "staging")
    config = read_config({})
    assert (config["db"], config["actor"]) == ("staging.db", "ops")
    assert settings_from(config).profile == "staging"
    assert read_config({"db": "flag.db"})["db"] == "flag.db"
    monkeypatch.setenv("CREDITCTL_PROFILE", "nowhere")
    with pytest.raises(InvalidInput, match="there is no profile 'nowhere'"):
        read_config({})


def test_a_typing_error_in_a_profile_is_refused(here: Path) -> None:
    with pytest.raises(InvalidInput, match="unknown setting 'bd'"):
        settings(here, '[profiles.staging]\nbd = "staging.db"\n')


def test_a_secret_is_read_from_a_file_or_a_variable(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = here / "audit.key"
    path.write_text("0123456789\n", encoding="utf-8")
    path.chmod(0o600)
    assert settings(here, f'audit_key = "file:{path}"').audit_key == b"0123456789"
    monkeypatch.setenv("PEPPER", "salty")
    assert settings(here, 'key_pepper = "env:PEPPER"').key_pepper == b"salty"
    assert "salty" not in repr(settings(here, 'key_pepper = "env:PEPPER"'))


def test_a_file_that_others_can_read_is_refused(here: Path) -> None:
    path = here / "audit.key"
    path.write_text("0123456789", encoding="utf-8")
    path.chmod(0o644)
    with pytest.raises(InvalidInput, match="others can read") as refused:
        settings(here, f'audit_key = "file:{path}"')
    assert refused.value.advice == f"run: chmod 600 {path}"


@pytest.mark.parametrize(
    "reference", ["0123456789", "file:", "env:", "env:NOT_SET", "file:/nowhere/at/all"]
)
def test_a_secret_itself_or_a_missing_one_is_refused(here: Path, reference: str) -> None:
    with pytest.raises(InvalidInput, match="audit_key"):
        settings(here, f'audit_key = "{reference}"')


def test_each_channel_has_a_table_and_the_profiles_comes_first(here: Path) -> None:
    text = """
    profile = "staging"
    [channels.email]
    host = "mail.example"
    seconds = 5
    [channels.command]
    chat = "/bin/post --room a"
    [profiles.staging.channels.email]
    host = "localhost"
    [payments.manual]
    instructions = "IBAN"
    """
    found = settings(here, text)
    assert found.channels == {
        "email": {"host": "localhost", "seconds": "5"},
        "command": {"chat": "/bin/post --room a"},
    }
    assert found.payments == {"manual": {"instructions": "IBAN"}}
    assert "mail" not in repr(found)


@pytest.mark.parametrize(
    "text", ['channels = "email"', '[channels]\nhost = "x"', '[channels.email]\nhost = ["a"]']
)
def test_a_channel_that_is_no_table_of_values_is_refused(here: Path, text: str) -> None:
    with pytest.raises(InvalidInput, match="is a table of single values") as refused:
        settings(here, text)
    assert "[channels.email]" in refused.value.advice


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("payment_days", "9" * 5000),
        ("invoice_minimum", "5"),
        ("ceilings", "alice=lots"),
        ("gate_counters", "https://["),
        ("metrics_file", "~nobody-here/metrics"),
        ("audit_key", "file:~nobody-here/key"),
    ],
)
def test_what_a_setting_cannot_be_is_refused_by_its_name(
    here: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"CREDITCTL_{name.upper()}", value)
    with pytest.raises(InvalidInput, match=name):
        settings(here, "")


def test_a_logo_whose_path_holds_nul_is_refused_by_its_name(here: Path) -> None:
    with pytest.raises(InvalidInput, match="logo"):
        settings(here, '[documents]\nlogo = "a\\u0000b"')
