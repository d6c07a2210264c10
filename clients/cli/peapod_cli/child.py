"""Runs a command that ends with its parent: `python child.py PARENT COMMAND...`.

The kernel forgets the wish to die with the parent at fork but not at exec, so this process makes the wish and then
becomes the command. It is killed, not asked: nobody is left to see to it that it obeys.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask for SIGKILL at the parent's end, and become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(f"the parent {parent} ended before {command} began")
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
