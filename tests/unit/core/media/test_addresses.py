"""Which URLs and addresses pictures may be fetched from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import AddressRefused
from core.media.addresses import Origin, check_url, is_public, origin_of

PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "2a00:1450:4001::200e")

PRIVATE = {
    "unspecified": "0.0.0.0",
    "this network": "0.1.2.3",
    "private 10": "10.0.0.1",
    "private 172": "172.16.5.4",
    "private 192": "192.168.1.1",
    "loopback": "127.0.0.1",
    "all of loopback": "127.255.255.254",
    "link-local": "169.254.1.1",
    "cloud metadata": "169.254.169.254",
    "carrier-grade NAT": "100.64.0.1",
    "cloud metadata behind NAT": "100.100.100.200",
    "protocol assignments": "192.0.0.1",
    "cloud metadata among them": "192.0.0.192",
    "6to4 relay": "192.88.99.1",
    "cloud host": "168.63.129.16",
    "documentation": "192.0.2.1",
    "benchmarks": "198.18.0.1",
    "multicast": "224.0.0.1",
    "global multicast": "233.252.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "v6 unspecified": "::",
    "v6 loopback": "::1",
    "v6 unique local": "fd00:ec2::254",
    "v6 link-local": "fe80::1",
    "v6 site-local": "fec0::1",
    "v6 multicast": "ff02::1",
    "v6 documentation": "2001:db8::1",
    "v6 newer documentation": "3fff::1",
    "v4 mapped private": "::ffff:10.0.0.1",
    "v4 mapped public": "::ffff:8.8.8.8",
    "v4 compatible": "::127.0.0.1",
    "6to4 of loopback": "2002:7f00:1::",
    "6to4 of a public one": "2002:808:808::1",
    "NAT64 of metadata": "64:ff9b::a9fe:a9fe",
    "NAT64 of a public one": "64:ff9b::808:808",
    "local NAT64": "64:ff9b:1::a00:1",
    "Teredo": "2001:0:808:808::1",
    "discard only": "100::1",
    "not handed out": "4000::1",
    "with a zone": "fe80::1%eth0",
    "no address": "example.org",
}

REFUSED = {
    "http": "http://cdn.example.com/a.png",
    "ftp": "ftp://cdn.example.com/a.png",
    "file": "file:///etc/passwd",
    "data": "data:image/png;base64,AAAA",
    "gopher": "gopher://cdn.example.com:6379/_x",
    "javascript": "javascript:alert(1)",
    "no scheme": "//cdn.example.com/a.png",
    "relative": "a.png",
    "empty": "",
    "no host": "https:///a.png",
    "other port": "https://cdn.example.com:8443/a.png",
    "port nought": "https://cdn.example.com:0/",
    "ssh port": "https://cdn.example.com:22/",
    "impossible port": "https://cdn.example.com:99999/",
    "port that is no number": "https://cdn.example.com:x/",
    "user": "https://user@cdn.example.com/a.png",
    "user and password": "https://user:secret@cdn.example.com/",
    "user that looks like a host": "https://cdn.example.com@127.0.0.1/",
    "empty user": "https://@cdn.example.com/",
    "backslash": "https://cdn.example.com\\@127.0.0.1/",
    "space": "https://cdn.example.com /a.png",
    "line break": "https://cdn.example.com/a\r\nHost: 127.0.0.1",
    "tab inside": "https://cdn.exam\tple.com/",
    "leading space": " https://cdn.example.com/",
    "NUL": "https://cdn.example.com\x00.evil.example/",
    "loopback": "https://127.0.0.1/",
    "metadata": "https://169.254.169.254/latest/meta-data/",
    "private": "https://10.1.2.3/",
    "decimal": "https://2130706433/",
    "hex": "https://0x7f000001/",
    "octal": "https://017700000001/",
    "dotted octal": "https://0177.0.0.1/",
    "dotted hex": "https://0x7f.0x0.0x0.0x1/",
    "last part hex": "https://127.0.0x1/",
    "short form": "https://127.1/",
    "trailing dot": "https://127.0.0.1./",
    "full-width digits": "https://\uff11\uff12\uff17.0.0.1/",
    "full-width dot": "https://127\u30020\u30020\u30021/",
    "circled digits": "https://\u2460\u2461\u2466.0.0.1/",
    "letters beyond ASCII": "https://b\xfccher.example/",
    "v6 loopback": "https://[::1]/",
    "v6 mapped": "https://[::ffff:127.0.0.1]/",
    "v6 mapped in hex": "https://[::ffff:7f00:1]/",
    "6to4": "https://[2002:7f00:1::]/",
    "NAT64": "https://[64:ff9b::7f00:1]/",
    "v6 with zone": "https://[fe80::1%25eth0]/",
    "v6 cut off": "https://[::1/",
    "localhost": "https://localhost/",
    "localhost with a dot": "https://localhost./",
    "below localhost": "https://a.localhost/",
    "metadata by name": "https://metadata.google.internal/",
    "printer": "https://printer.local/",
    "one label": "https://intranet/",
    "percent in the host": "https://ex%61mple.com/",
    "quote in the host": "https://cdn'.example.com/",
    "empty label": "https://cdn..example.com/",
    "hyphen at the start": "https://-cdn.example.com/",
    "label too long": "https://" + "a" * 64 + ".example.com/",
    "too long": "https://cdn.example.com/" + "a" * 9000,
}


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    """An ordinary public address may be met."""
    assert is_public(address) is True


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    """No address that leads anywhere but to the public network may be met."""
    assert is_public(address) is False


@given(st.ip_addresses(v=6, network="2000::/3") | st.ip_addresses(v=4))
def test_what_is_public_is_global_unicast(address: object) -> None:
    """Everything that passes is global and no multicast, by the standard library's reckoning."""
    import ipaddress

    ip = ipaddress.ip_address(str(address))

    assert not is_public(ip) or (ip.is_global and not ip.is_multicast)


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
def test_refused_urls(url: str) -> None:
    """A URL in any unusual or private form is refused before a connection is thought of."""
    with pytest.raises(AddressRefused):
        check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.discordapp.com/attachments/1/2/a.png?ex=66&is=65&hm=ab",
        "https://files.slack.com:443/files-pri/T1-F2/a.png",
        "https://93.184.216.34/a.png",
        "https://[2606:2800:220:1::1]/a.png",
        "https://xn--bcher-kva.example/%E2%82%AC.png#top",
        "HTTPS://CDN.Example.COM./a.png",
        "https://1password.example.com/a.png",
    ],
)
def test_accepted_urls(url: str) -> None:
    """An https URL of a public host, in the usual form, may be fetched."""
    check_url(url)


@pytest.mark.parametrize(
    ("url", "is_trusted"),
    [
        ("http://127.0.0.1:8080/media/a", True),
        ("http://127.0.0.1:8080", True),
        ("http://127.0.0.1:8081/media/a", False),
        ("http://127.0.0.1/media/a", False),
        ("https://127.0.0.1:8080/media/a", False),
        ("http://127.0.0.2:8080/media/a", False),
        ("http://localhost:8080/media/a", False),
        ("http://user@127.0.0.1:8080/media/a", False),
        ("http://studio.internal/a", True),
        ("http://STUDIO.internal:80/a", True),
        ("http://studio.internal.example.com/a", False),
        ("http://studio.internal:8080/a", False),
    ],
)
def test_a_trusted_origin_is_scheme_host_and_port(url: str, *, is_trusted: bool) -> None:
    """Only exactly the trusted origins may be private, and nothing beside them."""
    trusted = frozenset({"http://127.0.0.1:8080", "http://studio.internal/api/v1"})

    try:
        check_url(url, trusted_origins=trusted)
        passed = True
    except AddressRefused:
        passed = False

    assert passed is is_trusted


def test_an_origin_has_its_default_port() -> None:
    """A URL without a port is of the same origin as one that names the usual port."""
    assert origin_of("https://a.example/x") == origin_of("https://A.example:443/y")
    assert str(origin_of("http://[2606:2800::1]/x")) == "http://[2606:2800::1]:80"
    assert origin_of("http://a.example") == Origin(scheme="http", host="a.example", port=80)


@given(st.text(max_size=80))
def test_any_text_is_judged(text: str) -> None:
    """Whatever is given for a URL, the answer is yes, or the one error."""
    for url in (text, f"https://{text}", f"https://a.example{text}"):
        try:
            check_url(url)
        except AddressRefused:
            continue
