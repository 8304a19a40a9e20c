from portward.spa.effects import Refusal, Refuse


def test_every_refusal_has_a_word_of_its_own_to_count_by() -> None:
    assert len(set(Refusal)) == 12
    assert all(word.replace("-", "").isalpha() and word.islower() for word in Refusal)


def test_nobody_is_named_unless_the_message_was_genuine() -> None:
    assert Refuse(Refusal.JUNK).person is None
