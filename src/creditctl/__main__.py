"""`python -m creditctl` and the console script."""

import gc
import os
import sys
from contextlib import suppress

ALLOCATIONS = 200_000
"""Between two searches for garbage: a command makes little of it, and most lives to its end."""


def main() -> None:
    """Run the command line; `--version` answers before anything heavy is imported."""
    if sys.argv[1:] == ["--version"] and sys.stdout is not None:
        from creditctl import __version__

        # What keeps it from being written is told below, as for any command.
        with suppress(OSError):
            sys.stdout.write(f"creditctl {__version__}\n")
            sys.stdout.flush()
            return
    gc.set_threshold(ALLOCATIONS)
    # NumPy's linear algebra would start a thread for every core, which nothing here uses.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from creditctl.cli.app import run

    try:
        run()
    finally:
        # The end of the process frees everything at once: nothing need be searched before.
        gc.freeze()


if __name__ == "__main__":
    main()
