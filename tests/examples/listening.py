"""Programs that a test starts: when they listen at their socket."""

import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

PATIENCE_SECONDS = 30


def wait_until_listening(process: "subprocess.Popen[bytes]", path: Path) -> None:
    """A socket is there before anybody listens at it: only a connection tells."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "it ended"
        with suppress(OSError), socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(path))
            return
        time.sleep(0.02)
    raise AssertionError(f"nobody listens at {path}")
