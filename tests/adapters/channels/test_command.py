"""Commands: what they are told, what their exit status means, and that none outlives its time."""

import json
import os
import select
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.channels.conftest import NOTE, Note
from creditctl.adapters.channels import channel_named
from creditctl.adapters.channels.interface import Channel, DeliveryFailed
from creditctl.errors import InvalidInput

AT = datetime(2026, 11, 1, 9, 31, tzinfo=UTC)

Script = Callable[..., Channel]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """A channel whose command `chat` runs these lines of Python."""

    def write(*lines: str, arguments: str = "", **settings: str) -> Channel:
        path = tmp_path / "post.py"
        path.write_text("\n".join(("import json, os, sys, time", *lines)), encoding="utf-8")
        line = f"{sys.executable} -S {path} {arguments}"
        return channel_named("command", {"chat": line} | settings)

    return write


def deliver(channel: Channel, **changes: str) -> str:
    return channel.deliver(replace(NOTE, **changes), to="chat", secrets=("s3cret",), at=AT)  # type: ignore[arg-type]


def failed(channel: Channel) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failure:
        deliver(channel)
    return failure.value


def test_a_command_is_told_what_happened_and_nothing_else(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_KEY", "sk_live_do_not_pass_me_on")
    for name, value in (("LANG", "C.UTF-8"), ("HOME", "/nowhere"), ("PATH", "/usr/bin:/bin")):
        monkeypatch.setenv(name, value)
    told = tmp_path / "told.json"
    channel = script(
        f"with open({str(told)!r}, 'w') as file:",
        "    told = sys.stdin.buffer.read().decode()",
        "    json.dump([told, dict(os.environ), sys.argv[1:], os.getcwd()], file)",
        arguments="--room 'all of us; rm -rf /' $HOME",
    )

    assert deliver(channel, summary="acme\nhas used\x00 it") == "exit 0"

    payload, environment, arguments, folder = json.loads(told.read_text(encoding="utf-8"))
    assert payload == NOTE.payload
    # No shell: a dollar is a dollar.
    assert arguments == ["--room", "all of us; rm -rf /", "$HOME"]
    assert folder == "/"
    environment.pop("LC_CTYPE", None)
    assert environment == {
        "PATH": "/usr/bin:/bin",
        "HOME": "/nowhere",
        "LANG": "C.UTF-8",
        "CREDITCTL_EVENT": "budget.exceeded",
        "CREDITCTL_NOTIFICATION_ID": "ntf_01JDXYZ",
        "CREDITCTL_ORGANIZATION": "acme",
        "CREDITCTL_SUMMARY": "acme has used it",
    }


@pytest.mark.parametrize(
    ("ending", "reason", "is_final"),
    [
        ("sys.exit(75)", "exit 75", False),
        ("sys.exit(1)", "exit 1", False),
        ("sys.exit('no such room')", "exit 1: no such room", False),
        ("sys.exit(78)", "exit 78: it is not configured", True),
        ("sys.exit(126)", "exit 126: it cannot be run", True),
        ("sys.exit(127)", "exit 127: it was not found", True),
        ("os.kill(os.getpid(), 9)", "killed by signal 9", False),
    ],
)
def test_an_exit_status_says_whether_to_try_again(
    script: Script, ending: str, reason: str, is_final: bool
) -> None:
    failure = failed(script(ending))
    assert (failure.reason, failure.is_final) == (reason, is_final)


def test_of_what_it_prints_the_beginning_is_kept_on_one_line(script: Script) -> None:
    failure = failed(
        script(
            "print('\\x1b[31mfirst\\nline', flush=True)",
            "sys.stdout.write('x' * 10_000_000)",
            "sys.exit(1)",
        )
    )
    assert failure.reason.startswith("exit 1: [31mfirst line xxx")
    assert len(failure.reason) == 200


def test_a_command_need_not_read_what_it_is_told(script: Script, note: Note) -> None:
    assert deliver(script("sys.exit(0)"), payload='"' + "x" * 1_000_000 + '"') == "exit 0"


def test_what_hangs_is_killed_with_all_it_started(script: Script, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    # Whoever has the pipe open to write is alive: reading it ends when nobody is.
    reading = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
    channel = script(
        f"open({str(alive)!r}, 'w')",
        f"held = open({str(alive)!r}, 'w')",
        "held.write('a'); held.flush()",
        "os.fork()",
        "time.sleep(60)",
        seconds="1",
    )
    failure = failed(channel)
    assert os.read(reading, 10) == b"a"
    ended, _, _ = select.select([reading], [], [], 30)
    assert ended, "what the command started is still there"
    assert os.read(reading, 10) == b""
    os.close(reading)
    assert (failure.reason, failure.is_final) == ("no answer within 1 s", False)


def test_what_goes_on_in_the_background_is_not_waited_for(script: Script, tmp_path: Path) -> None:
    done = tmp_path / "done"
    os.mkfifo(done)
    channel = script(
        "if os.fork() == 0:",
        "    os.setsid()",
        f"    open({str(done)!r}).read()",
        "    os._exit(0)",
        "sys.exit(1)",
    )
    assert failed(channel).reason == "exit 1"
    done.write_text("")


def test_a_program_that_cannot_be_started_is_final(tmp_path: Path) -> None:
    plain, empty = tmp_path / "plain", tmp_path / "empty"
    plain.write_text("#!/bin/sh\n")
    empty.write_bytes(b"\x00\x01")
    empty.chmod(0o755)
    for path in (tmp_path / "missing", plain, empty, plain / "below"):
        failure = failed(channel_named("command", {"chat": str(path)}))
        assert failure.reason.startswith("it does not start: ")
        assert failure.is_final


def test_only_a_command_of_the_settings_is_ever_run(script: Script, tmp_path: Path) -> None:
    channel = script("sys.exit(0)")
    channel.check("chat")
    for to in ("", "/bin/true", f"touch {tmp_path}/a", "seconds", "chat; true"):
        with pytest.raises(InvalidInput) as refusal:
            channel.check(to)
        assert refusal.value.detail == f"there is no command {to!r}"
        with pytest.raises(DeliveryFailed):
            channel.deliver(NOTE, to=to, secrets=(), at=AT)


@pytest.mark.parametrize("line", ["", "post-to-slack", "./post", "~/post", "bin/post a"])
def test_a_command_begins_with_the_path_of_a_program(line: str) -> None:
    with pytest.raises(InvalidInput, match="does not begin with the path of a program"):
        channel_named("command", {"chat": line})
