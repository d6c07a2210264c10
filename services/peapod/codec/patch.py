"""Changing parts of a document by another that has only these. Nothing that is given is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from peapod.common.errors import Invalid

KEYS: Mapping[str, tuple[str, ...]] = {
    "containers": ("name",),
    "volumes": ("name",),
    "env": ("name", "key"),
    "ports": ("containerPort",),
    "volumeMounts": ("mountPath", "path"),
    "conditions": ("kind", "type"),
    "addresses": ("type",),
    "limits": ("type",),
}
"""By which key the items of a list are told apart, where a strategic patch merges the lists of that name; of several
spellings the first that an item has counts."""

_RIVALS: Mapping[str, tuple[str, ...]] = {
    "resources": ("cpu", "memory"),
    "endpoints": ("subsets",),
    "protocol": ("subsets",),
    "targetRefs": ("subsets",),
}
"""Keys that say the same as others, and win over them: where a patch names only the others, they must not stay."""

_GONE = object()
_DIRECTIVE = "$patch"
_DELETE, _REPLACE, _MERGE = "delete", "replace", "merge"


def merged(document: Any, patch: Any) -> Any:
    """Put a merge patch (RFC 7386) over a document: objects are merged, null removes a key, and anything else takes the
    place of what was there, lists as a whole.

    Raises `Invalid` for a patch that is nested too deeply.
    """
    try:
        return _merged(document, patch)
    except RecursionError:
        raise _too_deep() from None


def strategically_merged(document: Any, patch: Any) -> Any:
    """Put a strategic merge patch over a document: as a merge patch, but lists whose items have a key are merged item
    by item, and `$patch` says `delete` or `replace` where that is not meant.

    Raises `Invalid` for a directive that there is not, an item without its key, or a patch that is nested too deeply.
    """
    try:
        return _strategically_merged(document, patch)
    except RecursionError:
        raise _too_deep() from None


def _merged(document: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    current = document if isinstance(document, dict) else {}
    kept = _kept(current, patch)
    return kept | {key: _merged(current.get(key), value) for key, value in patch.items() if value is not None}


def _strategically_merged(document: Any, patch: Any, name: str = "") -> Any:
    """Do it for what stands under a name."""
    if isinstance(patch, dict):
        return _merged_object(document, patch)
    if isinstance(patch, list) and name in KEYS and _has_keys(patch, KEYS[name]):
        return _merged_items(document if isinstance(document, list) else [], patch, KEYS[name])
    return patch


def _merged_object(document: Any, patch: Mapping[str, Any]) -> Any:
    directive = patch.get(_DIRECTIVE, _MERGE)
    given = {key: value for key, value in patch.items() if key != _DIRECTIVE}
    if directive == _REPLACE:
        return given
    if directive == _DELETE:
        return {}
    if directive != _MERGE:
        raise Invalid(f"{_DIRECTIVE} must be one of {_MERGE}, {_REPLACE}, {_DELETE}; {directive!r} is not")
    current = document if isinstance(document, dict) else {}
    kept = _kept(current, given)
    changed = {
        key: _strategically_merged(current.get(key), value, key) for key, value in given.items() if value is not None
    }
    return kept | changed


def _kept(current: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Take what a patch leaves as it is, without what would win over what it says."""
    outdone = {rival for key in patch for rival in _RIVALS.get(key, ())}
    return {key: value for key, value in current.items() if key not in patch and key not in outdone}


def _has_keys(items: Sequence[Any], keys: Sequence[str]) -> bool:
    """Tell whether a list is one of objects with a key; lists of the same name elsewhere need not be."""
    return all(isinstance(item, dict) and (_key(item, keys) is not None or _DIRECTIVE in item) for item in items)


def _key(item: Any, keys: Sequence[str]) -> Any:
    """Return what tells an item apart; None where nothing does."""
    if not isinstance(item, dict):
        return None
    found = next((item[key] for key in keys if item.get(key) not in (None, "")), None)
    return found if isinstance(found, str | int) else None


def _merged_items(items: Sequence[Any], patch: Sequence[Any], keys: Sequence[str]) -> list[Any]:
    if any(set(item) == {_DIRECTIVE} and item[_DIRECTIVE] == _REPLACE for item in patch):
        return [item for item in patch if set(item) != {_DIRECTIVE}]
    result: list[Any] = list(items)
    places = {_key(item, keys): place for place, item in reversed([*enumerate(items)])}
    for change in patch:
        key = _key(change, keys)
        if key is None:
            raise Invalid(f"an item of a list that is patched must say its {keys[0]}")
        if change.get(_DIRECTIVE) == _DELETE:
            if key in places:
                result[places.pop(key)] = _GONE
        elif key in places:
            result[places[key]] = _merged_object(result[places[key]], change)
        else:
            places[key] = len(result)
            result.append(_merged_object({}, change))
    return [item for item in result if item is not _GONE]


def _too_deep() -> Invalid:
    return Invalid("the patch is nested too deeply")
