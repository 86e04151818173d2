"""What counts as public, in every way an address can be written."""

import pytest

from creditctl.adapters.channels.public_addresses import AddressGuard, read_networks
from creditctl.errors import InvalidInput

PUBLIC = """
    1.1.1.1 8.8.8.8 93.184.215.14 2606:4700:4700::1111 2a00:1450:4001::1
    ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:0808:0808::1
""".split()

PRIVATE = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1
    192.0.0.1 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1
    240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::8.8.8.8 fe80::1 fe80::1%eth0 fec0::1 fc00::1 fd00:ec2::254 ff02::1
    ff0e::1 100::1 2001::1 2001:db8::1 3fff::1 4000::1 5f00::1
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
    2002:7f00:0001::1 2002:0a00:0001::1 2002:a9fe:a9fe::1 2002:e000:0001::1
    64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::8.8.8.8
""".split()


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_connected_to(address: str) -> None:
    assert AddressGuard().permits(address)
    AddressGuard().check_host(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_an_inner_address_may_not_whatever_it_is_wrapped_in(address: str) -> None:
    assert not AddressGuard().permits(address)
    with pytest.raises(InvalidInput, match="is not a public address"):
        AddressGuard().check_host(address)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "127.1",
        "0177.0.0.1",
        "017700000001",
        "1.1",
        "134744072",
    ],
)
def test_an_address_in_disguise_is_refused_even_if_it_is_public(host: str) -> None:
    with pytest.raises(InvalidInput, match="in disguise"):
        AddressGuard().check_host(host)


@pytest.mark.parametrize(
    "host", ["hooks.example", "localhost", "a.b", "10.example", "0x7f.example"]
)
def test_a_name_is_judged_by_what_it_leads_to(host: str) -> None:
    AddressGuard().check_host(host)


@pytest.mark.parametrize(
    ("address", "permitted"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("fd00::5", True),
        ("8.8.8.8", True),
        ("10.2.0.1", False),
        ("127.0.0.1", False),
        ("fd01::5", False),
        # What a translator makes of it is not what was named.
        ("64:ff9b::10.1.2.3", False),
        ("2002:0a01:0203::1", False),
    ],
)
def test_networks_of_ones_own_are_named(address: str, permitted: bool) -> None:
    guard = AddressGuard(read_networks("allow_networks", " 10.1.0.0/16, fd00::/64,"))
    assert guard.permits(address) is permitted


@pytest.mark.parametrize("text", ["10.0.0.1/8", "all", "10.0.0.0/33", "localhost"])
def test_a_network_that_is_none_is_named(text: str) -> None:
    with pytest.raises(InvalidInput, match="allow_networks: "):
        read_networks("allow_networks", f"192.168.0.0/16, {text}")
