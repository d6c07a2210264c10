"""The capabilities that a container may be given or lose."""

from __future__ import annotations

ALL = "ALL"
_LINUX = """
    AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH
    FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN
    NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT
    SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM
"""
NAMES = frozenset(_LINUX.split()) | {ALL}
"""Linux's, without their common prefix."""

_PREFIX = "CAP_"


def capability_problem(name: str) -> str | None:
    """Say in one clause what is wrong with a capability's name, or None."""
    if name in NAMES:
        return None
    if name.upper().removeprefix(_PREFIX) in NAMES:
        return f"must be written {name.upper().removeprefix(_PREFIX)}, not {name}"
    return f"{name!r} is no capability, such as NET_ADMIN or {ALL}"
