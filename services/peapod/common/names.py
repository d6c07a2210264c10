"""The lexical rules of names. Each function returns what is wrong, in one clause, or None."""

from __future__ import annotations

import re

DNS_LABEL_MOST = 63
DNS_952_LABEL_MOST = 24
DNS_SUBDOMAIN_MOST = 253
QUALIFIED_NAME_MOST = 253

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_DNS_952_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_PART = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
_QUALIFIED_NAME = re.compile(f"({_PART}/)?{_PART}")
_C_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def dns_label_problem(text: str) -> str | None:
    """Judge a name such as a container's or a volume's."""
    if len(text) > DNS_LABEL_MOST:
        return f"must have at most {DNS_LABEL_MOST} characters"
    if not _DNS_LABEL.fullmatch(text):
        return "must consist of a-z, 0-9 and '-', and begin and end with a letter or digit"
    return None


def dns_952_label_problem(text: str) -> str | None:
    """Judge a service's name, which becomes a part of variables' names too."""
    if len(text) > DNS_952_LABEL_MOST:
        return f"must have at most {DNS_952_LABEL_MOST} characters"
    if not _DNS_952_LABEL.fullmatch(text):
        return "must consist of a-z, 0-9 and '-', begin with a letter, and end with a letter or digit"
    return None


def dns_subdomain_problem(text: str) -> str | None:
    """Judge a name such as a pod's or a node's; its parts may be longer than a DNS label."""
    if len(text) > DNS_SUBDOMAIN_MOST:
        return f"must have at most {DNS_SUBDOMAIN_MOST} characters"
    if not all(_DNS_LABEL.fullmatch(part) for part in text.split(".")):
        return (
            "must consist of parts of a-z, 0-9 and '-' with dots between them, "
            "each beginning and ending with a letter or digit"
        )
    return None


def qualified_name_problem(text: str) -> str | None:
    """Judge a name that may say whose it is, such as `example.com/backup`."""
    if len(text) > QUALIFIED_NAME_MOST:
        return f"must have at most {QUALIFIED_NAME_MOST} characters"
    if not _QUALIFIED_NAME.fullmatch(text):
        return (
            "must consist of letters, digits, '-', '_' and '.', begin and end with a letter or digit, "
            "and have at most one '/', with as much before it"
        )
    return None


def c_identifier_problem(text: str) -> str | None:
    """Judge a name such as an environment variable's."""
    if not _C_IDENTIFIER.fullmatch(text):
        return "must consist of letters, digits and '_', and not begin with a digit"
    return None
