"""`peapod proxy`: the gateway's API, and files beside it, on a port of this machine."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from pathlib import Path

from peapod.common.errors import Invalid, Unavailable
from peapod_cli import gateway, settings_files
from peapod_cli.console import Console


def run(arguments: Namespace, console: Console) -> None:
    """Serve until interrupted."""
    try:
        from peapod_cli import proxy_server
    except ImportError as missing:
        raise Unavailable(
            f"there is no package {missing.name} here; peapod proxy needs: pip install 'peapod[gateway]'"
        ) from None
    files = Path(arguments.www) if arguments.www else None
    if files is not None and not files.is_dir():
        raise Invalid(f"--www: {files} is no directory")
    serving = proxy_server.Serving(
        gateway=gateway.checked(settings_files.gateway(arguments.gateway)),
        port=arguments.port,
        api_prefix=_prefix(arguments.api_prefix),
        files=files,
        files_prefix=_prefix(arguments.www_prefix),
    )
    if files is not None and serving.api_prefix == serving.files_prefix:
        raise Invalid("--api-prefix and --www-prefix must differ")
    asyncio.run(proxy_server.serve(serving, console))


def _prefix(text: str) -> str:
    inner = text.strip("/")
    if not inner.isascii() or any(letter in inner for letter in "{}?#% "):
        raise Invalid(f'"{text}" is no path such as /api/')
    return f"/{inner}/" if inner else "/"
