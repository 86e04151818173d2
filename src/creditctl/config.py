"""Where settings come from: flag > environment > ./creditctl.toml > user file > default."""

import getpass
import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from creditctl.adapters.bounded_reads import read_text
from creditctl.adapters.paths import written_path
from creditctl.adapters.secrets import read_redis_url, read_secret
from creditctl.context import Settings
from creditctl.errors import InvalidInput

ENVIRONMENT_PREFIX = "CREDITCTL_"
PROJECT_FILE = Path("creditctl.toml")
NAMES = (
    "db",
    "output",
    "now",
    "actor",
    "usage_grace_hours",
    "dedup_window_minutes",
    "late_window_periods",
    "invoice_grace_hours",
    "payment_days",
    "invoice_minimum",
    "hold_timeout_seconds",
    "import_chunk",
    "console_url",
    "profile",
    "ceilings",
    "key_pepper",
    "audit_key",
    "gate_counters",
    "ping_url",
    "metrics_file",
    "gate_secret",
)
"""Every setting; `CREDITCTL_DB` is the environment's name for `db`."""

ADAPTERS = {
    "payments": 'write [payments.stripe] and under it secret_key = "env:STRIPE_KEY"',
    "channels": 'write [channels.email] and under it host = "mail.example.com"',
}
"""Tables that hold a table for each adapter -> how to write one."""

_DOCUMENT_PATHS = ("logo", "fonts")


def read_config(flags: Mapping[str, str | None]) -> dict[str, str]:
    """Every setting that was given anywhere, by name; a flag that is None was not given."""
    files = [_read_file(user_file()), _read_file(PROJECT_FILE)]
    environment = {
        name: value
        for name in NAMES
        if (value := os.environ.get(ENVIRONMENT_PREFIX + name.upper())) is not None
    }
    given = environment | {name: value for name, value in flags.items() if value is not None}
    profile = given.get("profile") or files[1].get("profile") or files[0].get("profile")
    found: dict[str, str] = {}
    for document in files:
        found |= _settings_in(document, profile)
    if profile and not any(profile in document.get("profiles", {}) for document in files):
        raise InvalidInput(
            f"there is no profile {profile!r}",
            hint=f"add a [profiles.{profile}] table to {PROJECT_FILE} or {user_file()}",
        )
    return found | given


def settings_from(config: Mapping[str, str]) -> Settings:
    """The settings that services are handed; raises InvalidInput naming the bad one."""
    default = Settings()
    window = _whole_number(config, "dedup_window_minutes", 1, 24 * 60)
    grace = _whole_number(config, "usage_grace_hours", 0, 24 * 365)
    hold = _whole_number(config, "hold_timeout_seconds", 1, 24 * 3600)
    late = _whole_number(config, "late_window_periods", 0, 120)
    invoicing = _whole_number(config, "invoice_grace_hours", 0, 24 * 365)
    payment_days = _whole_number(config, "payment_days", 0, 365)
    chunk = _whole_number(config, "import_chunk", 1, 10_000_000)
    text = config.get("metrics_file")
    return Settings(
        usage_grace=default.usage_grace if grace is None else timedelta(hours=grace),
        dedup_window=default.dedup_window if window is None else timedelta(minutes=window),
        hold_timeout=default.hold_timeout if hold is None else timedelta(seconds=hold),
        late_window=default.late_window if late is None else late,
        invoice_grace=default.invoice_grace if invoicing is None else timedelta(hours=invoicing),
        payment_days=default.payment_days if payment_days is None else payment_days,
        invoice_minimum=_amounts(minimum) if (minimum := config.get("invoice_minimum")) else {},
        import_chunk=chunk,
        ceilings=_ceilings(config.get("ceilings", "")),
        key_pepper=_secret(config, "key_pepper"),
        audit_key=_secret(config, "audit_key"),
        payments=adapter_settings("payments", config.get("profile")),
        channels=adapter_settings("channels", config.get("profile")),
        console_url=config.get("console_url"),
        documents=document_settings(config.get("profile")),
        gate_secret=_secret(config, "gate_secret"),
        gate_counters=read_redis_url("gate_counters", config.get("gate_counters")),
        ping_url=config.get("ping_url") or None,
        metrics_file=written_path("metrics_file", text) if text else None,
        profile=config.get("profile"),
    )


def _amounts(text: str) -> Mapping[str, int]:
    from creditctl.rules import money_text  # most companies set none

    try:
        return money_text.parse_amounts(text)
    except InvalidInput as problem:
        raise InvalidInput(f"invoice_minimum: {problem.detail}", hint=problem.advice) from None


def adapter_settings(kind: str, profile: str | None) -> dict[str, dict[str, str]]:
    """Each adapter's settings by its name: `[payments.stripe]`, the profile's before the others."""
    found: dict[str, dict[str, str]] = {}
    for path in (user_file(), PROJECT_FILE):
        document = _read_file(path)
        for table in (document, document.get("profiles", {}).get(profile, {})):
            for adapter, settings in table.get(kind, {}).items():
                found[adapter] = found.get(adapter, {}) | {
                    name: str(value) for name, value in settings.items()
                }
    return found


def document_settings(profile: str | None) -> dict[str, str]:
    """How documents look: `[documents]`, the profile's before the others.

    Paths are read from where their file is; the lines of a list end with a line break.
    """
    found: dict[str, str] = {}
    for path in (user_file(), PROJECT_FILE):
        document = _read_file(path)
        for table in (document, document.get("profiles", {}).get(profile, {})):
            for name, value in table.get("documents", {}).items():
                text = "\n".join(value) if isinstance(value, list) else str(value)
                is_path = name in _DOCUMENT_PATHS
                found[name] = str(path.parent / written_path(name, text)) if is_path else text
    return found


def database_url(config: Mapping[str, str]) -> str:
    """The database to use: a URL, or a path to an SQLite file."""
    text = config.get("db") or str(data_directory() / "creditctl.db")
    if "://" in text:
        return text
    return f"sqlite:///{written_path('--db', text).absolute()}"


def data_directory() -> Path:
    """Where databases live unless told otherwise (XDG on Linux)."""
    from platformdirs import user_data_path

    return user_data_path("creditctl", appauthor=False)


def user_file() -> Path:
    """The user's own configuration file (XDG on Linux)."""
    from platformdirs import user_config_path

    return user_config_path("creditctl", appauthor=False) / "config.toml"


def default_actor(config: Mapping[str, str]) -> str:
    """Who acts: the setting, else the operating system's user."""
    if actor := config.get("actor"):
        return actor
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def _read_file(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(read_text(path))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as problem:  # no UTF-8, no TOML, or too deep
        raise InvalidInput(f"{path}: {problem}", hint="correct or remove the file") from None
    profiles = document.get("profiles", {})
    tables = [document, *profiles.values()] if isinstance(profiles, dict) else [profiles]
    if not all(isinstance(table, dict) for table in tables):
        raise InvalidInput(
            f"{path}: profiles are tables", hint="write a profile under [profiles.NAME]"
        )
    for table in tables:
        _check_table(path, table, *(["profiles"] if table is document else []))
    return document


def _check_table(path: Path, table: dict[str, Any], *others: str) -> None:
    for name, value in table.items():
        if name in others:
            continue
        if name in ADAPTERS:
            _check_adapters(path, name, value)
            continue
        if name == "documents":
            _check_documents(path, value)
            continue
        if name not in NAMES:
            raise InvalidInput(
                f"{path}: unknown setting {name!r}", hint=f"known: {', '.join(NAMES)}"
            )
        if isinstance(value, list) or (isinstance(value, dict) and name != "ceilings"):
            raise InvalidInput(f"{path}: {name} is one value", hint=f'write {name} = "VALUE"')


def _check_adapters(path: Path, kind: str, tables: object) -> None:
    named = tables if isinstance(tables, dict) else {kind: tables}
    for adapter, settings in named.items():
        values = settings.values() if isinstance(settings, dict) else [settings, []]
        if any(isinstance(value, dict | list) for value in values):
            raise InvalidInput(
                f"{path}: {kind}.{adapter} is a table of single values", hint=ADAPTERS[kind]
            )


def _check_documents(path: Path, settings: object) -> None:
    lines = settings.values() if isinstance(settings, dict) else [{}]
    for value in lines:
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, str | bool) for part in parts):
            raise InvalidInput(
                f"{path}: documents is a table of texts and lists of them",
                hint='write [documents] and under it locale = "de"',
            )


def _settings_in(document: dict[str, Any], profile: str | None) -> dict[str, str]:
    """A file's settings, those of the profile before its others."""
    chosen = document | document.get("profiles", {}).get(profile, {})
    return {
        name: ", ".join(f"{key}={part}" for key, part in value.items())
        if isinstance(value, dict)
        else str(value)
        for name, value in chosen.items()
        if name not in {"profiles", "documents", *ADAPTERS}
    }


def _ceilings(text: str) -> dict[str, int]:
    """Read `alice=10000, *=500` as micro-credits by actor."""
    if not text.strip():
        return {}
    from creditctl.rules.units import parse_decimal, scaled  # not for --help

    found = {}
    for part in text.split(","):
        actor, equals, amount = (word.strip() for word in part.partition("="))
        if not equals or not actor:
            raise InvalidInput(
                f"ceilings: {part.strip()!r} is not like alice=1000",
                hint="separate several by commas; * stands for everybody else",
            )
        what = f"ceilings: {actor}"
        ceiling = scaled(parse_decimal(amount, what), 6, what)
        if ceiling < 0 or actor in found:
            raise InvalidInput(
                f"ceilings: {part.strip()!r} is below zero, or {actor} has one already",
                hint="write one ceiling for each actor; 0 lets nothing pass alone",
            )
        found[actor] = ceiling
    return found


def _secret(config: Mapping[str, str], name: str) -> bytes | None:
    reference = config.get(name)
    return None if reference is None else read_secret(name, reference)


def _whole_number(config: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    text = config.get(name)
    if text is None:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not (is_number and least <= int(text) <= most):
        raise InvalidInput(f"{name} must be a whole number from {least} to {most}, not {text!r}")
    return int(text)
