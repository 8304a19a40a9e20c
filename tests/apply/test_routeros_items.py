from portward.apply.routeros_items import Mark, family_of, is_owned, line, lists_of_rule, mark_of, marked


def test_an_item_is_ours_by_its_comment_alone() -> None:
    assert is_owned({"comment": "portward: ssh"})
    assert is_owned({"comment": "portward-old"})
    assert not is_owned({"comment": "about portward: ssh"})
    assert not is_owned({"comment": "portward: granted by hand", "dynamic": "true"})
    assert not is_owned({})


def test_marks_are_put_on_and_taken_off() -> None:
    comment = "portward: admin: knock 1 of 4"
    for mark in Mark:
        assert mark_of({"comment": marked(comment, mark)}) is mark
        assert marked(marked(comment, mark), None) == comment
    assert mark_of({"comment": comment}) is None
    assert mark_of({"comment": "NEW one"}) is None


def test_a_line_shows_no_secret_and_no_control_character() -> None:
    text = line("/m", {".id": "*1", "content": "geheim", "chain": "c", "comment": "a\x1b[2J b", "bytes": "3"})
    assert text == '/m chain=c content=… comment="a�[2J b"'


def test_lists_and_families() -> None:
    assert lists_of_rule({"src-address-list": "!a", "address-list": "b"}) == {"a", "b"}
    assert family_of("/ipv6/firewall/nat") == "/ipv6"
