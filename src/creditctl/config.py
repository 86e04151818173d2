"""Where settings come from: flag > environment > ./creditctl.toml > user file > default."""

import getpass
import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

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
    "import_chunk",
)
"""Every setting; `CREDITCTL_DB` is the environment's name for `db`."""

_LONGEST_DEDUP_WINDOW = 24 * 60


def read_config(flags: Mapping[str, str | None]) -> dict[str, str]:
    """Every setting that was given anywhere, by name; a flag that is None was not given."""
    found = _read_file(user_file()) | _read_file(PROJECT_FILE)
    for name in NAMES:
        if (value := os.environ.get(ENVIRONMENT_PREFIX + name.upper())) is not None:
            found[name] = value
    return found | {name: value for name, value in flags.items() if value is not None}


def settings_from(config: Mapping[str, str]) -> Settings:
    """The settings that services are handed; raises InvalidInput naming the bad one."""
    default = Settings()
    window = _whole_number(config, "dedup_window_minutes", 1, _LONGEST_DEDUP_WINDOW)
    grace = _whole_number(config, "usage_grace_hours", 0, 24 * 365)
    chunk = _whole_number(config, "import_chunk", 1, 10_000_000)
    return Settings(
        usage_grace=default.usage_grace if grace is None else timedelta(hours=grace),
        dedup_window=default.dedup_window if window is None else timedelta(minutes=window),
        import_chunk=default.import_chunk if chunk is None else chunk,
    )


def database_url(config: Mapping[str, str]) -> str:
    """The database to use: a URL, or a path to an SQLite file."""
    text = config.get("db") or str(data_directory() / "creditctl.db")
    if "://" in text:
        return text
    return f"sqlite:///{Path(text).expanduser().absolute()}"


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


def _read_file(path: Path) -> dict[str, str]:
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise InvalidInput(f"{path}: {problem}", hint="correct or remove the file") from None
    for name in document:
        if name not in NAMES:
            raise InvalidInput(
                f"{path}: unknown setting {name!r}", hint=f"known: {', '.join(NAMES)}"
            )
    return {name: str(value) for name, value in document.items()}


def _whole_number(config: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    text = config.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise InvalidInput(f"{name} must be a whole number from {least} to {most}, not {text!r}")
    return int(text)
