"""`python -m creditctl` and the console script."""

import gc
import os
import sys

ALLOCATIONS = 200_000
"""Between two searches for garbage: a command makes little of it, and most lives to its end."""


def main() -> None:
    """Run the command line; `--version` answers before anything heavy is imported."""
    if sys.argv[1:] == ["--version"]:
        from creditctl import __version__

        sys.stdout.write(f"creditctl {__version__}\n")
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
