#!/usr/bin/env python
"""AhFai's command line."""

import os
import signal
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ahfai.settings")
    try:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        # Ctrl-C before a command has its own way of ending: as a shell counts it.
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
