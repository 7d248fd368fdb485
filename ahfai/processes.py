"""What a child does first, and what it tells of itself at last."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)

# Asks those that serve pages to make room, since they are about to leave.
LAME_DUCK = signal.SIGUSR1
# Whether this process is about to end, and nobody new should be sent to it.
is_leaving = False


def end_with_parent(parent: int) -> None:
    """Have the kernel send SIGTERM here when the parent dies, however it dies (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        # It died before the kernel was asked.
        os._exit(0)
