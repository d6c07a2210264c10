"""The rules as text, and the words that bring the kernel there."""

from __future__ import annotations

import re
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.proxy.iptables import flows, restore, rules
from peapod.proxy.iptables.flows import Flow
from peapod.proxy.iptables.restore import holds, parse, restoring
from peapod.proxy.iptables.rules import backend_chain, portal_chain, tables
from peapod.proxy.portals import Backend, Place, Portal

ONE, TWO = Backend("10.1.0.1", 8080), Backend("10.1.0.2", 8080)


def portal(
    name: str = "default/web",
    *backends: Backend,
    address: str = "10.254.0.10",
    protocol: str = "tcp",
    public_ips: tuple[str, ...] = (),
    sticky: int = 0,
) -> Portal:
    return Portal(name, protocol, 80, (address,), public_ips, backends, sticky)


WEB = portal("default/web", ONE, TWO, public_ips=("192.0.2.1",))
STICKY = portal("default/dns", ONE, protocol="udp", sticky=10800)
EMPTY = portal("default/empty", address="10.254.0.12", public_ips=("192.0.2.9",))

ABOUT = {portal_chain(WEB): "WEB", backend_chain(WEB, ONE): "WEB-1", backend_chain(WEB, TWO): "WEB-2"} | {
    portal_chain(STICKY): "DNS",
    backend_chain(STICKY, ONE): "DNS-1",
}


def readable(text: str) -> str:
    """Put names in the place of hashes."""
    for chain, name in ABOUT.items():
        text = text.replace(chain, name)
    return text


def test_the_rules_of_portals_with_backends() -> None:
    assert readable(restoring(tables([WEB, STICKY], "", masquerade_all=False), {})) == (
        """\
*nat
:PEAPOD-SERVICES - [0:0]
:WEB - [0:0]
:WEB-1 - [0:0]
:WEB-2 - [0:0]
:DNS - [0:0]
:DNS-1 - [0:0]
:PEAPOD-MASQUERADE - [0:0]
:PEAPOD-POSTROUTING - [0:0]
-I POSTROUTING 1 -j PEAPOD-POSTROUTING
-I OUTPUT 1 -j PEAPOD-SERVICES
-I PREROUTING 1 -j PEAPOD-SERVICES
-A PEAPOD-SERVICES -d 10.254.0.10/32 -p tcp -m tcp --dport 80 -m comment --comment "default/web" -j WEB
-A PEAPOD-SERVICES -d 192.0.2.1/32 -p tcp -m tcp --dport 80 -m comment --comment "default/web" -j PEAPOD-MASQUERADE
-A PEAPOD-SERVICES -d 192.0.2.1/32 -p tcp -m tcp --dport 80 -m comment --comment "default/web" -j WEB
-A PEAPOD-SERVICES -d 10.254.0.10/32 -p udp -m udp --dport 80 -m comment --comment "default/dns" -j DNS
-A WEB -m addrtype --src-type LOCAL -j PEAPOD-MASQUERADE
-A WEB -m statistic --mode random --probability 0.5000000000 -j WEB-1
-A WEB -j WEB-2
-A WEB-1 -s 10.1.0.1/32 -j PEAPOD-MASQUERADE
-A WEB-1 -p tcp -j DNAT --to-destination 10.1.0.1:8080
-A WEB-2 -s 10.1.0.2/32 -j PEAPOD-MASQUERADE
-A WEB-2 -p tcp -j DNAT --to-destination 10.1.0.2:8080
-A DNS -m addrtype --src-type LOCAL -j PEAPOD-MASQUERADE
-A DNS -m recent --name DNS-1 --rcheck --seconds 10800 --reap -j DNS-1
-A DNS -j DNS-1
-A DNS-1 -s 10.1.0.1/32 -j PEAPOD-MASQUERADE
-A DNS-1 -p udp -m recent --name DNS-1 --set -j DNAT --to-destination 10.1.0.1:8080
-A PEAPOD-MASQUERADE -j MARK --or-mark 0x10000
-A PEAPOD-POSTROUTING -m mark ! --mark 0x10000/0x10000 -j RETURN
-A PEAPOD-POSTROUTING -j MARK --xor-mark 0x10000
-A PEAPOD-POSTROUTING ! -o lo -j MASQUERADE
COMMIT
*filter
:PEAPOD-REFUSED - [0:0]
:PEAPOD-FORWARD - [0:0]
-I FORWARD 1 -j PEAPOD-FORWARD
-I FORWARD 1 -m conntrack --ctstate NEW -j PEAPOD-REFUSED
-I OUTPUT 1 -m conntrack --ctstate NEW -j PEAPOD-REFUSED
-I INPUT 1 -m conntrack --ctstate NEW -j PEAPOD-REFUSED
-A PEAPOD-FORWARD -m mark --mark 0x10000/0x10000 -j ACCEPT
-A PEAPOD-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -m conntrack --ctstate DNAT -j ACCEPT
COMMIT
"""
    )


def test_what_nobody_answers_is_refused() -> None:
    nat, filtering = tables([EMPTY], "10.254.0.0/16", masquerade_all=False)
    assert nat.chains[rules.SERVICES] == ()
    asked = '-p tcp -m tcp --dport 80 -m comment --comment "default/empty" -j REJECT --reject-with tcp-reset'
    assert filtering.chains[rules.REFUSED] == (
        f"-d 10.254.0.12/32 {asked}",
        f"-d 192.0.2.9/32 {asked}",
        "-d 10.254.0.0/16 -p tcp -j REJECT --reject-with tcp-reset",
        "-d 10.254.0.0/16 -j REJECT --reject-with icmp-port-unreachable",
    )


def test_all_get_the_nodes_address_where_answers_would_go_astray() -> None:
    nat, _ = tables([STICKY], "", masquerade_all=True)
    assert nat.chains[portal_chain(STICKY)][0] == "-j PEAPOD-MASQUERADE"


def test_without_portals_there_is_nothing_and_nothing_is_touched() -> None:
    assert tables([], "", masquerade_all=True) == ()
    assert restoring((), parse("*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j DOCKER\nCOMMIT\n")) == ""
    assert holds((), {})


def test_names_of_chains_fit_and_depend_on_the_service_alone() -> None:
    long = portal("n" * 63 + "/" + "s" * 63, ONE)
    assert len(portal_chain(long)) <= 28
    assert portal_chain(WEB) == portal_chain(portal("default/web", TWO))
    assert portal_chain(WEB) != portal_chain(portal("default/web", ONE, protocol="udp"))


NOTHING: restore.Saved = MappingProxyType({})


def written(text: str, before: restore.Saved = NOTHING) -> dict[str, dict[str, list[str]]]:
    """Do what iptables-restore --noflush does; raises where it would refuse."""
    state = {name: {chain: list(rules) for chain, rules in chains.items()} for name, chains in before.items()}
    chains: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("*"):
            chains = state.setdefault(line[1:], {})
            for builtin in ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"):
                chains.setdefault(builtin, [])
        elif line.startswith(":"):
            chains[line[1:].split()[0]] = []
        elif line.startswith("-A "):
            _, chain, rule = line.split(" ", 2)
            assert _target(rule) in chains or not _target(rule).startswith("PEAPOD"), rule
            chains[chain].append(rule)
        elif line.startswith("-I "):
            _, chain, _, rule = line.split(" ", 3)
            assert _target(rule) in chains, rule
            chains[chain].insert(0, rule)
        elif line.startswith("-D "):
            _, chain, rule = line.split(" ", 2)
            chains[chain].remove(rule)
        elif line.startswith("-X "):
            gone = line.split()[1]
            assert not any(_target(rule) == gone for rules in chains.values() for rule in rules), gone
            assert chains.pop(gone) == []
        else:
            assert line == "COMMIT"
    return state


def _target(rule: str) -> str:
    found = re.search(r" ?-j (\S+)", rule)
    return found[1] if found else ""


OTHERS = parse("*nat\n:DOCKER - [0:0]\n-A PREROUTING -j DOCKER\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n")

BACKENDS = st.builds(Backend, st.sampled_from([f"10.1.0.{number}" for number in range(9)]), st.integers(1, 3))
PORTAL_LISTS = st.lists(
    st.builds(
        portal,
        st.sampled_from([f"default/{name}" for name in "abcdef"]),
        protocol=st.sampled_from(["tcp", "udp"]),
        sticky=st.sampled_from([0, 10800]),
    ).flatmap(
        lambda one: st.sets(BACKENDS, max_size=6).map(
            lambda backends: Portal(one.name, one.protocol, 80, one.portal_ips, (), (*sorted(backends),), 0)
        )
    ),
    unique_by=lambda one: one.name,
    max_size=5,
)


@given(PORTAL_LISTS, PORTAL_LISTS, st.booleans())
def test_from_any_state_each_portal_leads_to_exactly_its_backends_and_nothing_stale_is_left(
    before: list[Portal], after: list[Portal], net: bool
) -> None:
    portal_net = "10.254.0.0/16" if net else ""
    first = written(restoring(tables(before, portal_net, masquerade_all=False), OTHERS), OTHERS)
    wanted = tables(after, portal_net, masquerade_all=True)
    state = written(restoring(wanted, first), first)
    assert holds(wanted, state)
    # The same by the shorter way, from what the kernel is known to hold.
    known = tables(before, portal_net, masquerade_all=False)
    assert written(restoring(wanted, first, known), first) == state
    nat = state["nat"]
    for one in after:
        if one.backends:
            chosen = [_target(rule) for rule in nat[portal_chain(one)] if "PEAPOD-SEP" in rule]
            delivered = [rule for chain in chosen for rule in nat[chain] if "DNAT" in rule]
            assert sorted(rule.split()[-1] for rule in delivered) == sorted(map(str, one.backends))
    served = [one for one in after if one.backends]
    expected = {portal_chain(one) for one in served} | {backend_chain(one, it) for one in served for it in one.backends}
    assert {chain for chain in nat if "-SVC-" in chain or "-SEP-" in chain} == expected
    assert [rule for rule in nat["PREROUTING"] if "PEAPOD" not in rule] == ["-j DOCKER"]
    cleaned = written(restoring((), state), state)
    assert {name: {chain: list(rules) for chain, rules in chains.items() if rules} for name, chains in cleaned.items()}[
        "nat"
    ] == {"PREROUTING": ["-j DOCKER"], "POSTROUTING": ["-j MASQUERADE"]}
    assert not any(chain.startswith("PEAPOD") for chains in cleaned.values() for chain in chains)


def test_only_what_is_different_is_written() -> None:
    before = tables([portal("default/web", ONE), STICKY], "", masquerade_all=False)
    after = tables([portal("default/web", TWO), STICKY], "", masquerade_all=False)
    state = written(restoring(before, NOTHING))
    old, new = backend_chain(WEB, ONE), backend_chain(WEB, TWO)
    assert restoring(before, state, before) == ""
    assert restoring(after, state, before).splitlines() == [
        "*nat",
        *(f":{chain} - [0:0]" for chain in (portal_chain(WEB), new, old)),
        f"-A {portal_chain(WEB)} -m addrtype --src-type LOCAL -j PEAPOD-MASQUERADE",
        f"-A {portal_chain(WEB)} -j {new}",
        f"-A {new} -s 10.1.0.2/32 -j PEAPOD-MASQUERADE",
        f"-A {new} -p tcp -j DNAT --to-destination 10.1.0.2:8080",
        f"-X {old}",
        "COMMIT",
    ]


@given(st.integers(1, 12))
def test_every_backend_has_the_same_chance(count: int) -> None:
    backends = tuple(Backend("10.1.0.1", port) for port in range(1, count + 1))
    nat, _ = tables([portal("default/web", *backends)], "", masquerade_all=True)
    left, chances = 1.0, []
    for rule in nat.chains[portal_chain(WEB)][1:]:
        chance = re.search(r"--probability (\S+)", rule)
        taken = left * (float(chance[1]) if chance else 1.0)
        chances.append(taken)
        left -= taken
    assert chances == pytest.approx([1 / count] * count)


@pytest.mark.parametrize(
    "undone",
    [
        lambda nat, _filtering: nat["PEAPOD-SERVICES"].clear(),
        lambda nat, _filtering: nat["PREROUTING"].clear(),
        lambda nat, _filtering: nat.pop(portal_chain(WEB)),
        lambda nat, _filtering: nat.update({"PEAPOD-SVC-STALE": []}),
        lambda nat, _filtering: nat[portal_chain(WEB)].insert(0, "-j RETURN"),
        lambda _nat, filtering: filtering["OUTPUT"].clear(),
        lambda _nat, filtering: filtering["PEAPOD-FORWARD"].pop(),
    ],
)
def test_what_somebody_undoes_is_noticed_and_mended(undone) -> None:  # type: ignore[no-untyped-def]
    wanted = tables([WEB, EMPTY], "", masquerade_all=False)
    state = written(restoring(wanted, {}))
    assert holds(wanted, state)
    undone(state["nat"], state["filter"])
    assert not holds(wanted, state)
    assert holds(wanted, written(restoring(wanted, state), state))


def test_a_jump_is_known_in_the_kernels_own_words() -> None:
    wanted = tables([WEB], "", masquerade_all=False)
    state = written(restoring(wanted, {}))
    state["filter"]["INPUT"] = ["-m conntrack --ctstate NEW -m comment --comment peapod -j PEAPOD-REFUSED"]
    assert holds(wanted, state)
    state["filter"]["INPUT"] = ["-m conntrack --ctstate NEW -j PEAPOD-REFUSED-NOT"]
    assert not holds(wanted, state)


def test_flows_to_backends_that_are_gone_are_ended() -> None:
    old = portal("default/dns", ONE, TWO, protocol="udp", public_ips=("192.0.2.1",))
    new = portal("default/dns", TWO, protocol="udp", public_ips=("192.0.2.1",))
    here, public = Place("udp", "10.254.0.10", 80), Place("udp", "192.0.2.1", 80)
    assert [*flows.stale([old], [new])] == [Flow(here, "10.1.0.1"), Flow(public, "10.1.0.1")]
    assert [*flows.stale([new], [old])] == []
    assert [*flows.stale([], [new])] == [*flows.stale([new], [])] == [Flow(here), Flow(public)]
    assert Flow(here, "10.1.0.1").arguments == (
        *("-p", "udp", "--orig-dst", "10.254.0.10", "--orig-port-dst", "80"),
        *("--dst-nat", "10.1.0.1"),
    )


def test_connections_of_tcp_are_never_ended() -> None:
    assert [*flows.stale([WEB], [])] == []
