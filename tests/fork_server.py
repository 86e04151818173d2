"""Runs programs in forks of itself, which have everything loaded: see forked.py.

Started by path, with the number of its socket. Each message is a JSON object, `{"code", "words",
"environment", "folder"}`, with the files that are to be stdin, stdout and stderr, and one that is
told the process id and, in the end, what `waitpid` says.
"""

import gc
import json
import os
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg  # noqa: F401, TID253 - what the programs would load, each for itself
import redis  # noqa: F401, TID253
import starlette.applications  # noqa: F401, TID253
import stripe  # noqa: F401, TID253
import uvicorn  # noqa: F401, TID253
import uvloop  # noqa: F401
from uvicorn.protocols.http import httptools_impl  # noqa: F401, TID253

from creditctl import gate  # noqa: F401
from creditctl.adapters.counters import redis as counters  # noqa: F401
from creditctl.adapters.payments import btcpay  # noqa: F401
from creditctl.adapters.readers import csv, ndjson  # noqa: F401
from creditctl.cli import app, usage  # noqa: F401
from creditctl.cli import gate as gate_commands  # noqa: F401
from creditctl.server import app as gate_service  # noqa: F401
from creditctl.services import (  # noqa: F401
    finalizing,
    hold_capture,
    limits_check,
    payment_rounds,
    purchases,
    redeeming,
    settling,
    usage_booking,
    usage_file_import,
    usage_import,
)

_LONGEST_REQUEST = 1 << 17


def main() -> None:
    """Answer until the other end is closed."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    gc.freeze()
    while True:
        message, files, _, _ = socket.recv_fds(requests, _LONGEST_REQUEST, 4)
        _reap(os.WNOHANG if message else 0)
        if not message:
            return
        if os.fork() == 0:
            requests.close()
            _watched(json.loads(message), files[:3], files[3])
        for file in files:
            os.close(file)


def _reap(how: int) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, how)[0]:
            pass


def _watched(request: dict[str, Any], streams: Sequence[int], told: int) -> None:
    """Fork again: the program, and this process, which tells how it ends."""
    if (child := os.fork()) == 0:
        os.close(told)
        _run(streams=streams, **request)
    for stream in streams:
        os.close(stream)
    os.write(told, f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _run(
    code: str, words: list[str], environment: dict[str, str], folder: str, streams: Sequence[int]
) -> None:
    """What `python -c code words...` does."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["-c", *words]
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode) for number, mode in enumerate("rww")
    )
    status = 0
    try:
        exec(code, {"__name__": "__main__"})
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:
            status = status or 120  # as Python does
        os._exit(status)


if __name__ == "__main__":
    main()
