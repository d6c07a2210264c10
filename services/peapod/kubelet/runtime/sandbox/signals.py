"""Signals as a container's programs are to find them."""

from __future__ import annotations

import signal

_NEVER_HANDLED = {signal.SIGKILL, signal.SIGSTOP}


def reset() -> None:
    """Let each signal do what it does by default.

    What a process ignores stays ignored in every program that it starts. Python ignores some signals, and whoever
    started the kubelet may have had it ignore others, as nohup does.
    """
    for number in signal.valid_signals() - _NEVER_HANDLED:
        signal.signal(number, signal.SIG_DFL)
