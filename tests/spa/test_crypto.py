import pytest

from portward.spa.crypto import (
    AesMode,
    NotAuthenticError,
    aes_decrypt,
    aes_encrypt,
    new_private,
    public_of,
    same,
    seal,
    shared,
    unseal,
)


# RFC 7748 §6.1
ALICE = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
ALICE_PUBLIC = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
BOB = bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
BOB_PUBLIC = bytes.fromhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
SHARED = bytes.fromhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")

# RFC 8439 §2.8.2
KEY = bytes(range(0x80, 0xA0))
NONCE = bytes.fromhex("070000004041424344454647")
BESIDE = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
TEXT = (
    b"Ladies and Gentlemen of the class of '99: "
    b"If I could offer you only one tip for the future, sunscreen would be it."
)
SEALED = bytes.fromhex(
    "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b"
    "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
    "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"
)

# NIST SP 800-38A, F.1.5, F.2.5, F.3.17, F.4.5 and F.5.5: AES-256, the first two blocks
AES_KEY = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
BLOCKS = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
FIRST, COUNTER = bytes(range(16)), bytes(range(0xF0, 0x100))
AES = [
    (AesMode.ECB, b"", "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"),
    (AesMode.CBC, FIRST, "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"),
    (AesMode.CFB, FIRST, "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b"),
    (AesMode.OFB, FIRST, "dc7e84bfda79164b7ecd8486985d38604febdc6740d20b3ac88f6ad82a4fb08d"),
    (AesMode.CTR, COUNTER, "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"),
]


def test_two_keys_share_a_secret() -> None:
    assert (public_of(ALICE), public_of(BOB)) == (ALICE_PUBLIC, BOB_PUBLIC)
    assert shared(ALICE, BOB_PUBLIC) == shared(BOB, ALICE_PUBLIC) == SHARED


@pytest.mark.parametrize("public", [bytes(32), b"\1" + bytes(31)])
def test_a_public_key_of_small_order_shares_no_secret(public: bytes) -> None:
    with pytest.raises(NotAuthenticError):
        shared(ALICE, public)


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_a_key_of_another_length_is_a_mistake(key: bytes) -> None:
    with pytest.raises(ValueError, match="32"):
        public_of(key)
    with pytest.raises(ValueError, match="32"):
        shared(ALICE, key)


def test_new_private_keys_are_all_different() -> None:
    keys = {new_private() for _ in range(20)}
    assert len(keys) == 20
    assert {len(key) for key in keys} == {32}


def test_a_text_is_sealed_and_taken_back() -> None:
    assert seal(KEY, NONCE, TEXT, BESIDE) == SEALED
    assert unseal(KEY, NONCE, SEALED, BESIDE) == TEXT


def test_what_was_altered_is_not_taken_back() -> None:
    for sealed, beside in (
        (SEALED[:-1] + b"\0", BESIDE),
        (SEALED, b""),
        (SEALED[:15], BESIDE),
        (b"", BESIDE),
    ):
        with pytest.raises(NotAuthenticError) as caught:
            unseal(KEY, NONCE, sealed, beside)
        assert str(caught.value) == ""


@pytest.mark.parametrize(("mode", "iv", "blocks"), AES, ids=[each[0] for each in AES])
def test_aes_is_as_nist_has_it(mode: AesMode, iv: bytes, blocks: str) -> None:
    assert aes_encrypt(mode, AES_KEY, iv, BLOCKS).hex() == blocks
    assert aes_decrypt(mode, AES_KEY, iv, bytes.fromhex(blocks)) == BLOCKS


def test_aes_takes_whole_blocks_only() -> None:
    with pytest.raises(ValueError, match="whole blocks"):
        aes_decrypt(AesMode.CTR, AES_KEY, COUNTER, BLOCKS[:-1])


def test_secrets_are_compared() -> None:
    assert same(b"abc", b"abc")
    assert not same(b"abc", b"abd")
    assert not same(b"abc", b"ab")
