"""Closing the port so that nobody who got in is thrown out.

A connection that the kernel has made and no process has accepted yet is reset when the port closes;
a proxy can't send a form again that it has sent already. So first nobody new gets in: the kernel
drops what begins a connection (as if it were lost on the way), those that have begun are made and
accepted, and only then the port is closed. Who knocked meanwhile knocks again after a second, finds
no port, and a proxy asks the next replica.
"""

import contextlib
import ctypes
import socket
import struct
import sys
import time

SO_ATTACH_FILTER = 26  # socket(7); the program is one of bpf(4)
# A connection that has begun needs one more way there and back.
SETTLES_S = 0.1
PROGRAM = (
    (0x30, 0, 0, 13),  # take byte 13 of the TCP header: its flags (RFC 9293, 3.1)
    (0x54, 0, 0, 0x12),  # of which SYN and ACK
    (0x15, 0, 1, 0x02),  # where it is SYN alone,
    (0x06, 0, 0, 0),  # drop the packet,
    (0x06, 0, 0, 0xFFFF),  # else keep it
)


def shut(listener: socket.socket) -> None:
    """For all processes that have this port, and for good. Nothing but on Linux."""
    if sys.platform != "linux":
        return
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in PROGRAM))
    program = struct.pack("HP", len(PROGRAM), ctypes.addressof(code))
    # Without it, a few might be reset.
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
        time.sleep(SETTLES_S)
