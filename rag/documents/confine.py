"""What the kernel can forbid the process that reads files, native code and programs it starts included.

Two things, each where the system allows it (Linux on x86-64 and ARM64) and without privileges: no internet sockets
(a seccomp filter that refuses ``socket`` for IPv4 and IPv6), and no file written outside of one folder (Landlock).
Elsewhere the limits on resources, the hook in ``worker`` and the worker's empty working folder remain.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from pathlib import Path

__all__ = ["confine"]

# architecture -> (its number for seccomp, the number of the system call "socket")
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUALS, _RETURN = 0x20, 0x15, 0x06  # of the filter's little machine: absolute load, jump, return
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 13  # the call fails with EACCES
_INET, _INET6 = 2, 10
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
# write, remove a folder or file, make a device, folder, file, socket, pipe, block device or link
_WRITING = 1 << 1 | sum(1 << bit for bit in range(4, 13))
_WRITE_FILE = 1 << 1
_LOCAL_SOCKETS = 1 << 9 | 1 << 5  # to make one and to remove it: LibreOffice has one in /tmp, wherever TMPDIR is


def confine(folder: Path, *, with_office: bool = False) -> list[str]:
    """Give up what reading does not need, for good; returns what is now forbidden, in words.

    ``folder`` is where files may be written; ``with_office`` allows what LibreOffice needs.
    """
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return []
    done = {"connections": _refuse_sockets(libc), "writing elsewhere": _write_only_in(libc, folder, with_office)}
    return [name for name, is_done in done.items() if is_done]


def _refuse_sockets(libc: ctypes.CDLL) -> bool:
    architecture, socket_call = _MACHINES[platform.machine()]
    program = b"".join(
        struct.pack("=HBBI", *step)
        for step in (
            (_LOAD, 0, 0, 4),  # the architecture
            (_EQUALS, 0, 6, architecture),
            (_LOAD, 0, 0, 0),  # the number of the call
            (_EQUALS, 0, 4, socket_call),
            (_LOAD, 0, 0, 16),  # its first argument: the family of addresses
            (_EQUALS, 1, 0, _INET),
            (_EQUALS, 0, 1, _INET6),
            (_RETURN, 0, 0, _REFUSE),
            (_RETURN, 0, 0, _ALLOW),
        )
    )
    steps = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(steps))
    return bool(libc.prctl(_SET_SECCOMP, _FILTER, ctypes.create_string_buffer(header, len(header)), 0, 0) == 0)


def _write_only_in(libc: ctypes.CDLL, folder: Path, with_office: bool) -> bool:
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(ctypes.c_uint64(_WRITING)), ctypes.c_size_t(8), 0)
    if ruleset < 0:
        return False
    try:
        places = [(folder, _WRITING), (Path(os.devnull), _WRITE_FILE)]
        for path, allowed in [*places, (Path("/tmp"), _LOCAL_SOCKETS)] if with_office else places:
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = struct.pack("=Qi", allowed, opened)
                if libc.syscall(_ADD_RULE, ruleset, 1, ctypes.create_string_buffer(rule, len(rule)), 0) != 0:
                    return False
            finally:
                os.close(opened)
        return bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)
