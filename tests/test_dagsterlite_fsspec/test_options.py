from __future__ import annotations

import pytest

from dagsterlite_fsspec.options import has_password, public_options, redact, without_password


def test_only_options_known_to_be_harmless_are_public() -> None:
    options = {
        "anon": False,
        "profile": "prod",
        "secret": "s3cr3t",
        "token": {"private_key": "abcd"},
        "unheard_of": 1,
        "client_kwargs": {"endpoint_url": "http://store", "aws_secret_access_key": "s3cr3t"},
    }
    assert public_options(options) == {
        "anon": False,
        "profile": "prod",
        "client_kwargs": {"endpoint_url": "http://store"},
    }


def test_an_endpoint_with_a_password_is_a_secret() -> None:
    assert public_options({"endpoint_url": "https://me:pass@store"}) == {}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ftp://me:pass@host/a", True),
        ("https://:pass@host", True),
        ("s3://bucket/a@b:c", False),
        ("abfss://container@account.host/a", False),
        ("/runs/a:b@c", False),
        ("memory://", False),
    ],
)
def test_a_password_in_a_url_is_seen(url: str, expected: bool) -> None:
    assert has_password(url) is expected
    assert (without_password(url) != url) is expected


def test_secrets_are_hidden_wherever_they_occur() -> None:
    options = {"key": "AKIA1234", "secret": "AKIA1234-more", "profile": "prod", "acl": "a"}
    text = "AKIA1234-more by AKIA1234 at https://u:p@h of prod with a"
    assert redact(text, options) == "*** by *** at https://***@h of prod with a"
