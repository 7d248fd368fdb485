#!/usr/bin/env python
"""AhFai's command line."""

import os
import signal
import sys


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        # Until it has its own way of stopping, Ctrl-C ends it at once: an exception in the middle
        # of an import or a destructor can be swallowed there, and everything would start anyway.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ahfai.settings")
    try:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        # Ctrl-C before a command has its own way of ending: as a shell counts it.
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
