"""From what the kernel has to what it must have: the words for iptables-restore. Text, and nothing acts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from peapod.proxy.iptables.rules import OURS, Jump, Table

Saved = Mapping[str, Mapping[str, Sequence[str]]]
"""By table and chain the rules that the kernel has, as iptables-save writes them behind "-A CHAIN "."""


def parse(text: str) -> Saved:
    """Read what iptables-save prints, of one table or of several."""
    found: dict[str, dict[str, list[str]]] = {}
    chains: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("*"):
            chains = found.setdefault(line[1:].strip(), {})
        elif line.startswith(":"):
            chains.setdefault(line[1:].split()[0], [])
        elif line.startswith("-A "):
            _, chain, rule = line.split(" ", 2)
            chains.setdefault(chain, []).append(rule)
    return found


def holds(tables: Sequence[Table], saved: Saved) -> bool:
    """Tell whether nobody has undone these tables since they were put there: flushed a chain of ours, added to it, or
    removed a jump. The kernel words rules in its own way, so they are counted, not compared.
    """
    return {table.name for table in tables} >= {name for name, chains in saved.items() if _ours(chains)} and all(
        _holds(table, saved.get(table.name, {})) for table in tables
    )


def restoring(tables: Sequence[Table], saved: Saved, known: Sequence[Table] = ()) -> str:
    """Write what brings the kernel from what it has to these tables, and leaves alone what is not ours.

    For `iptables-restore --noflush`, which does it table by table, each in one step. Chains are not written that are
    as in `known`, the tables that the kernel holds for sure. Empty where there is nothing to write or to remove.
    """
    wanted = {table.name: table for table in tables}
    before = {table.name: table.chains for table in known}
    names = [*wanted, *(name for name in saved if name not in wanted)]
    changes = (
        (name, _changes(wanted.get(name, Table(name, {}, ())), saved.get(name, {}), before.get(name, {})))
        for name in names
    )
    return "".join("\n".join((f"*{name}", *lines, "COMMIT", "")) for name, lines in changes if lines)


def _holds(table: Table, chains: Mapping[str, Sequence[str]]) -> bool:
    counts = {chain: len(chains[chain]) for chain in _ours(chains)}
    return counts == {chain: len(rules) for chain, rules in table.chains.items()} and not _missing(table, chains)


def _changes(table: Table, chains: Mapping[str, Sequence[str]], known: Mapping[str, Sequence[str]]) -> list[str]:
    written = {chain: rules for chain, rules in table.chains.items() if known.get(chain) != rules}
    stale = [chain for chain in _ours(chains) if chain not in table.chains]
    return [
        *(f":{chain} - [0:0]" for chain in (*written, *stale)),
        *(f"-D {chain} {rule}" for chain, rule in _jumps_to(stale, chains)),
        *(f"-I {jump.chain} 1 {jump.rule}" for jump in reversed(_missing(table, chains))),
        *(f"-A {chain} {rule}" for chain, rules in written.items() for rule in rules),
        *(f"-X {chain}" for chain in stale),
    ]


def _missing(table: Table, chains: Mapping[str, Sequence[str]]) -> list[Jump]:
    return [jump for jump in table.jumps if not any(_leads(rule, jump.to) for rule in chains.get(jump.chain, ()))]


def _jumps_to(targets: Sequence[str], chains: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for chain, rules in chains.items():
        if not chain.startswith(OURS):
            for rule in rules:
                if any(_leads(rule, target) for target in targets):
                    yield chain, rule


def _leads(rule: str, chain: str) -> bool:
    return f" {rule} ".endswith(f" -j {chain} ")


def _ours(chains: Mapping[str, Sequence[str]]) -> list[str]:
    return [chain for chain in chains if chain.startswith(OURS)]
