"""`python -m creditctl` and the console script."""

import sys


def main() -> None:
    """Run the command line; `--version` answers before anything heavy is imported."""
    if sys.argv[1:] == ["--version"]:
        from creditctl import __version__

        sys.stdout.write(f"creditctl {__version__}\n")
        return
    from creditctl.cli.app import run

    run()


if __name__ == "__main__":
    main()
