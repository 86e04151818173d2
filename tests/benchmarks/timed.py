"""Runs a command and says how long it took and how much memory it used at most.

A process of its own, and a small one: on Linux a child's peak memory counts what its parent held
when it was forked, and the benchmarks hold a million events.

    python timed.py STDIN STDOUT STDERR COMMAND...
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    """Print seconds, peak KiB and the exit code as JSON."""
    stdin, stdout, stderr = map(Path, sys.argv[1:4])
    with stdin.open("rb") as given, stdout.open("wb") as out, stderr.open("wb") as err:
        began = time.perf_counter()
        process = subprocess.Popen(sys.argv[4:], stdin=given, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    found = {"seconds": seconds, "peak_kib": usage.ru_maxrss, "exit_code": process.returncode}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
