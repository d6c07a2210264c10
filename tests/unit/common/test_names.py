import pytest

from peapod.common import names


@pytest.mark.parametrize("text", ["a", "0", "a-b", "a--b", "a" * 63])
def test_dns_labels(text: str) -> None:
    assert names.dns_label_problem(text) is None


@pytest.mark.parametrize("text", ["", "-", "-a", "a-", "A", "a.b", "a_b", "a" * 64, "a\n", "é", "a b"])
def test_no_dns_labels(text: str) -> None:
    assert names.dns_label_problem(text)


@pytest.mark.parametrize("text", ["a", "a0", "a-b", "a" * 24])
def test_dns_952_labels(text: str) -> None:
    assert names.dns_952_label_problem(text) is None


@pytest.mark.parametrize("text", ["", "0a", "-a", "a-", "A", "a.b", "a_b", "a" * 25, "a\n", "é"])
def test_no_dns_952_labels(text: str) -> None:
    assert names.dns_952_label_problem(text)


@pytest.mark.parametrize("text", ["a", "A_b.C-0", "example.com/a", "A/b", "a" * 253, "a/" + "b" * 251])
def test_qualified_names(text: str) -> None:
    assert names.qualified_name_problem(text) is None


@pytest.mark.parametrize("text", ["", "/", "a/", "/a", "a/b/c", "-a", "a.", "a b", "a\n", "é", "a" * 254])
def test_no_qualified_names(text: str) -> None:
    assert names.qualified_name_problem(text)


@pytest.mark.parametrize("text", ["a", "a.b", "a-b.c-d.0", "a" * 253, "10.0.0.1"])
def test_dns_subdomains(text: str) -> None:
    assert names.dns_subdomain_problem(text) is None


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a.-b", "A.b", "a" * 254, "a.b\n", "a/b"])
def test_no_dns_subdomains(text: str) -> None:
    assert names.dns_subdomain_problem(text)


@pytest.mark.parametrize("text", ["a", "_", "A_1", "_0"])
def test_c_identifiers(text: str) -> None:
    assert names.c_identifier_problem(text) is None


@pytest.mark.parametrize("text", ["", "0a", "a-b", "a.b", "ä", "a\n", "a b"])
def test_no_c_identifiers(text: str) -> None:
    assert names.c_identifier_problem(text)
