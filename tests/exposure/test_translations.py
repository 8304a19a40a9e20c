from tests.exposure.firewalls import host, iptables, listener

from portward.exposure.facts import Origin
from portward.exposure.translations import containers, is_proxy, translations


def test_a_port_that_is_sent_to_a_container_is_a_listener_of_its_own() -> None:
    rules = iptables(
        "-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80", table="nat"
    )
    (found,) = containers(host(rules=rules))
    assert (found.spelled, found.origin, found.families) == ("tcp/8080", Origin.CONTAINER, (4,))


def test_a_proxy_that_holds_the_port_already_stands_for_it() -> None:
    rules = iptables(
        "-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80", table="nat"
    )
    proxy = listener("tcp/8080", program="docker-proxy")
    assert is_proxy(proxy)
    assert list(containers(host(proxy, rules=rules))) == []


def test_a_redirection_to_this_host_is_no_container() -> None:
    rules = iptables("-A PREROUTING -p udp -m udp --dport 5300 -j REDIRECT --to-ports 53", table="nat")
    assert list(containers(host(rules=rules))) == []
    (found,) = translations(rules)
    assert (found.ports, found.target.port) == ((5300,), 53)
