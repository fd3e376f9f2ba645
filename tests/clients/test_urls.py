"""Which addresses credentials may go to."""

import pytest

from clients.http import check_url
from clients.urls import origin
from models.errors import NotPossible


@pytest.mark.parametrize(
    "url", ["https://api.jooraccess.com", "https://apiwest.aims360.rest/", "https://api.jooraccess.com:8443", "https://8.8.8.8"]
)
def test_public_https_addresses_pass_without_their_trailing_slash(url):
    assert check_url(url, sandbox=False) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.jooraccess.com",
        "https://127.0.0.1:8080",
        "https://127.1",
        "https://2130706433",
        "https://0x7f000001",
        "https://10.0.0.8",
        "https://192.168.1.5",
        "https://172.16.3.4",
        "https://169.254.169.254",
        "https://100.64.0.1",
        "https://0.0.0.0",
        "https://[::1]",
        "https://[fe80::1]",
        "https://[fc00::1]",
        "https://[::ffff:127.0.0.1]",
        "https://localhost:9000",
        "https://joor.localhost",
        "https://intranet",
        "https://db.internal",
        "https://LOCALHOST.",
    ],
)
def test_plain_or_private_addresses_pass_for_a_sandbox_only(url):
    with pytest.raises(NotPossible) as caught:
        check_url(url, sandbox=False)
    assert any("--sandbox" in step for step in caught.value.fix)
    assert check_url(url, sandbox=True) == url


@pytest.mark.parametrize(
    "url",
    ["", "jooraccess.com", "ftp://x.example", "https://", "https://user:pw@x.example", "https://x.example/?a=1", "https://x.example:99999"],
)
def test_what_is_no_address_is_refused_even_for_a_sandbox(url):
    with pytest.raises(NotPossible) as caught:
        check_url(url, sandbox=True)
    assert "pw" not in str(caught.value)


def test_an_origin_is_scheme_host_and_port():
    assert origin("https://A.example/x") == origin("https://a.example:443") == "https://a.example:443"
    assert origin("http://[::1]:80/") == "http://[::1]:80"
