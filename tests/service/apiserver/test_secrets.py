"""Secrets, over gRPC, on both stores; what is in them is never said."""

from __future__ import annotations

import logging

import pytest

from peapod.common import errors
from peapod.common.informer import Informer, secrets
from peapod.common.process import end, spawn
from peapod.v1 import meta_pb2
from peapod.v1 import secret_service_pb2 as pb
from peapod.v1.secret_pb2 import Secret
from tests.support.apiserver import Api
from tests.support.refusals import refusal

VALUE = b"Tr0ub4dor&3"
MEBIBYTE = 1 << 20


def make_secret(name: str = "keys", **data: bytes) -> Secret:
    return Secret(metadata=meta_pb2.ObjectMeta(name=name, labels={"app": "shop"}), data=data or {"password": VALUE})


async def create(api: Api, secret: Secret) -> Secret:
    return (await api.secrets.create_secret(pb.CreateSecretRequest(secret=secret))).secret


async def test_a_secret_has_all_verbs(api: Api) -> None:
    created = await create(api, make_secret())
    assert (created.type, created.metadata.namespace, dict(created.data)) == ("Opaque", "default", {"password": VALUE})
    assert (await api.secrets.get_secret(pb.GetSecretRequest(name="keys"))).secret == created
    listed = await api.secrets.list_secrets(
        pb.ListSecretsRequest(label_selector="app=shop", field_selector="type=Opaque")
    )
    assert list(listed.items) == [created]
    created.data["password"], created.type = b"other", "shop/keys"
    updated = (await api.secrets.update_secret(pb.UpdateSecretRequest(secret=created))).secret
    assert (updated.data["password"], updated.type) == (b"other", "shop/keys")
    assert isinstance(await refusal(create(api, make_secret())), errors.AlreadyExists)
    assert isinstance(await refusal(api.secrets.update_secret(pb.UpdateSecretRequest(secret=created))), errors.Conflict)
    gone = (await api.secrets.delete_secret(pb.DeleteSecretRequest(name="keys"))).secret
    assert gone.data["password"] == b"other"
    assert isinstance(await refusal(api.secrets.get_secret(pb.GetSecretRequest(name="keys"))), errors.NotFound)


async def test_an_informer_follows_secrets_by_name(api: Api) -> None:
    await create(api, make_secret("other"))
    informer = Informer(secrets(api.secrets, fields="metadata.name=keys"), name="secrets")
    task = spawn(informer.run, "informer")
    try:
        await informer.synced()
        assert not informer.objects
        created = await create(api, make_secret())
        await informer.wait_for(created.metadata.resource_version)
        assert dict(informer.objects) == {("default", "keys"): created}
    finally:
        await end(task)


async def test_a_mebibyte_fits_and_not_a_byte_more(api: Api) -> None:
    full = make_secret("full", a=b"x" * (MEBIBYTE // 2), b=b"y" * (MEBIBYTE // 2))
    full.metadata.annotations["about"] = "z" * 60_000
    assert len((await create(api, full)).data["a"]) == MEBIBYTE // 2
    error = await refusal(create(api, make_secret("more", a=b"x" * MEBIBYTE, b=b"y")))
    assert isinstance(error, errors.Invalid)
    assert [violation.field for violation in error.violations] == ["data"]


@pytest.mark.parametrize("key", ["", "Upper", "a_b", "-a", "..", "a/b", "a" * 254])
async def test_a_key_has_to_be_a_files_name(api: Api, key: str) -> None:
    secret = make_secret()
    secret.data[key] = VALUE
    error = await refusal(create(api, secret))
    assert [violation.field for violation in error.violations] == [f"data[{key}]"]


async def test_values_are_never_said(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = make_secret("Wrong")
    wrong.data["Wrong"] = VALUE
    refused = await refusal(create(api, wrong))
    stale = await create(api, make_secret())
    stale.metadata.resource_version += 1
    conflict = await refusal(api.secrets.update_secret(pb.UpdateSecretRequest(secret=stale)))
    said = [
        caplog.text,
        refused.message,
        conflict.message,
        *(violation.description for violation in refused.violations),
    ]
    assert not [text for text in said if VALUE.decode() in text]
