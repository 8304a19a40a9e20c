import json
from pathlib import Path

from portward.errors import HostError
from portward.exposure.firewall import merge, read_firewall
from portward.exposure.iptables_save import read_save
from portward.exposure.ruleset import Chain, Table, Verdict


EMPTY = json.dumps({"nftables": []})
OF_IPTABLES = json.dumps(
    {
        "nftables": [
            {"table": {"family": "ip", "name": "filter"}},
            {
                "chain": {
                    "family": "ip", "table": "filter", "name": "INPUT", "type": "filter", "hook": "input", "prio": 0,
                    "policy": "accept",
                }
            },
            {"rule": {"family": "ip", "table": "filter", "chain": "INPUT", "expr": [{"xt": {"name": "set"}}]}},
        ]
    }
)  # fmt: skip
SAVED = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n"


def test_a_firewall_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    def run(*words: str) -> str:
        raise HostError(words[0])

    rules = read_firewall(run, tmp_path)
    assert rules.tables == ()
    assert len(rules.unread) == 1


def test_rules_of_iptables_are_read_by_iptables(tmp_path: Path) -> None:
    answers = {"nft": OF_IPTABLES, "iptables-save": SAVED, "ip6tables-save": ""}
    (table,) = read_firewall(lambda *words: answers[words[0]], tmp_path).tables
    assert table.chains["INPUT"].policy is Verdict.DROP


def test_legacy_tables_are_read_beside(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net/ip_tables_names").write_text("filter\n")
    answers = {"nft": EMPTY, "iptables-legacy-save": SAVED, "ip6tables-legacy-save": ""}
    (table,) = read_firewall(lambda *words: answers[words[0]], tmp_path).tables
    assert table.legacy


def test_a_chain_of_nfts_own_in_a_table_of_iptables_is_kept() -> None:
    (saved,) = read_save(SAVED, 4)
    table = Table("ip", "filter", {"INPUT": Chain(), "mine": Chain()})
    (found,) = merge([table], [saved])
    assert set(found.chains) == {"INPUT", "mine"}
    assert found.chains["INPUT"].policy is Verdict.DROP
