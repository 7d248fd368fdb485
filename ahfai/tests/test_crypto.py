import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from ahfai import crypto
from ahfai.crypto import MasterKeys, SealError

PLACE = ("chats.Message", "content", b"r" * 16, b"o" * 16)
TEXT = "Ein Café für Æther, 茶 und 🫖".encode()


def test_a_sealed_text_opens_again():
    key = crypto.new_key()
    for text in (b"", TEXT, b"\x00" * 3, os.urandom(70_000)):
        assert crypto.unseal(key, crypto.seal(key, 1, text, PLACE), PLACE) == text


def test_a_sealed_value_is_header_nonce_text_and_tag():
    sealed = crypto.seal(crypto.new_key(), 258, TEXT, PLACE)

    assert sealed[:3] == b"\x01\x01\x02"
    assert len(sealed) == 3 + 12 + len(TEXT) + 16
    assert TEXT not in sealed
    assert crypto.generation_of(sealed) == 258


def test_the_same_text_never_looks_the_same_twice():
    key = crypto.new_key()

    assert len({crypto.seal(key, 1, TEXT, PLACE)[3:15] for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "elsewhere",
    [
        ("notes.Note", "content", b"r" * 16, b"o" * 16),
        ("chats.Message", "thinking", b"r" * 16, b"o" * 16),
        ("chats.Message", "content", b"R" * 16, b"o" * 16),
        ("chats.Message", "content", b"r" * 16, b"O" * 16),
        ("chats.Messagec", "ontent", b"r" * 16, b"o" * 16),
        ("chats.Message", "content", b"r" * 15, b"r" + b"o" * 16),
        ("chats.Message", "content", b"r" * 16),
        (),
    ],
)
def test_a_value_opens_in_no_other_place(elsewhere):
    key = crypto.new_key()
    sealed = crypto.seal(key, 1, TEXT, PLACE)

    with pytest.raises(SealError):
        crypto.unseal(key, sealed, elsewhere)


def test_an_opener_opens_what_unseal_opens_and_nothing_else():
    key, next_key = crypto.new_key(), crypto.new_key()

    def key_of(generation: int) -> bytes:
        if generation > 2:
            raise SealError("No such key.")
        return key if generation == 1 else next_key

    opener = crypto.Opener(key_of, PLACE[:2], PLACE[3:])
    sealed = crypto.seal(key, 1, TEXT, PLACE)
    assert opener.open(sealed, PLACE[2]) == TEXT
    assert opener.open(crypto.seal(next_key, 2, TEXT, PLACE), PLACE[2]) == TEXT

    moved = [
        crypto.seal(key, 1, TEXT, ("chats.Message", "thinking", *PLACE[2:])),
        crypto.seal(key, 1, TEXT, (*PLACE[:2], b"R" * 16, PLACE[3])),
        crypto.seal(key, 1, TEXT, (*PLACE[:3], b"O" * 16)),
        crypto.seal(key, 2, TEXT, PLACE),
        crypto.seal(crypto.new_key(), 1, TEXT, PLACE),
        b"\x02" + sealed[1:],
        sealed[:-1],
        sealed[:20],
        b"",
    ]
    for value in moved:
        with pytest.raises(SealError):
            opener.open(value, PLACE[2])
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(SealError):
            opener.open(bytes(changed), PLACE[2])


def test_every_flipped_bit_is_refused():
    key = crypto.new_key()
    sealed = crypto.seal(key, 1, TEXT, PLACE)

    for position in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[position] ^= 1 << bit
            with pytest.raises(SealError):
                crypto.unseal(key, bytes(changed), PLACE)


def test_every_cut_or_added_byte_is_refused():
    key = crypto.new_key()
    sealed = crypto.seal(key, 1, TEXT, PLACE)

    for changed in [sealed[:length] for length in range(len(sealed))] + [sealed + b"\x00"]:
        with pytest.raises(SealError):
            crypto.unseal(key, changed, PLACE)


def test_another_version_or_generation_is_refused():
    key = crypto.new_key()
    sealed = crypto.seal(key, 1, TEXT, PLACE)

    for header in (b"\x00\x00\x01", b"\x02\x00\x01", b"\x01\x00\x00", b"\x01\x00\x02"):
        with pytest.raises(SealError):
            crypto.unseal(key, header + sealed[3:], PLACE)


def test_another_key_is_refused_and_a_short_one_too():
    sealed = crypto.seal(crypto.new_key(), 1, TEXT, PLACE)

    for key in (crypto.new_key(), b"", b"k" * 16, b"k" * 31):
        with pytest.raises(SealError):
            crypto.unseal(key, sealed, PLACE)
    with pytest.raises(SealError):
        crypto.seal(b"k" * 16, 1, TEXT, PLACE)


@pytest.mark.parametrize("generation", [-1, 0, 65_536])
def test_a_generation_that_fits_no_header_is_refused(generation):
    with pytest.raises(SealError):
        crypto.seal(crypto.new_key(), generation, TEXT, PLACE)


def test_the_error_tells_nothing_of_text_or_key():
    key = crypto.new_key()
    sealed = crypto.seal(key, 1, b"canary", PLACE)

    with pytest.raises(SealError) as caught:
        crypto.unseal(crypto.new_key(), sealed, PLACE)

    told = repr(caught.value)
    assert not any(secret in told for secret in ("canary", key.hex(), sealed.hex(), repr(sealed)))


def test_eight_threads_open_nothing_wrong_and_refuse_all_that_is_wrong():
    keys = [crypto.new_key() for _ in range(8)]

    def seal_and_open(worker: int) -> tuple[int, int]:
        wrong = refused = 0
        for turn in range(500):
            text = f"{worker}/{turn}".encode()
            sealed = crypto.seal(keys[worker], 1, text, PLACE)
            wrong += crypto.unseal(keys[worker], sealed, PLACE) != text
            try:
                crypto.unseal(keys[worker - 1], sealed, PLACE)
            except SealError:
                refused += 1
        return wrong, refused

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(seal_and_open, range(8))) == [(0, 500)] * 8


def test_a_wrapped_key_comes_back_for_its_owner_alone():
    master, data_key = crypto.new_key(), crypto.new_key()
    wrapped = crypto.wrap(master, "a", data_key, (b"owner", b"\x00\x01"))

    assert crypto.unwrap(master, "a", wrapped, (b"owner", b"\x00\x01")) == data_key
    for other_master, master_id, context in [
        (crypto.new_key(), "a", (b"owner", b"\x00\x01")),
        (master, "b", (b"owner", b"\x00\x01")),
        (master, "a", (b"other", b"\x00\x01")),
        (master, "a", (b"owner", b"\x00\x02")),
    ]:
        with pytest.raises(SealError):
            crypto.unwrap(other_master, master_id, wrapped, context)


def test_every_flipped_bit_of_a_wrapped_key_is_refused():
    master = crypto.new_key()
    wrapped = crypto.wrap(master, "a", crypto.new_key(), (b"owner",))

    for position in range(len(wrapped)):
        for bit in range(8):
            changed = bytearray(wrapped)
            changed[position] ^= 1 << bit
            with pytest.raises(SealError):
                crypto.unwrap(master, "a", bytes(changed), (b"owner",))
    for length in range(len(wrapped)):
        with pytest.raises(SealError):
            crypto.unwrap(master, "a", wrapped[:length], (b"owner",))


def test_a_sealed_value_under_the_master_key_is_no_wrapped_key():
    master, data_key = crypto.new_key(), crypto.new_key()
    sealed = crypto.seal(master, 1, data_key, ("a", b"owner"))

    with pytest.raises(SealError):
        crypto.unwrap(master, "a", sealed[:1] + sealed[3:], (b"owner",))


@pytest.mark.parametrize("between", ["\n", ",", "\n\n", " , ", "\r\n"])
def test_the_list_of_master_keys_is_read_newest_first(between):
    first, second = MasterKeys.new_line(), MasterKeys.new_line()

    keys = MasterKeys.parse(f"{first}{between}{second}\n")

    assert list(keys) == [first.split(":")[0], second.split(":")[0]]
    assert keys.current[0] == first.split(":")[0]
    assert len(keys.get(second.split(":")[0]) or b"") == 32
    assert keys.get("unknown") is None


def test_a_key_reads_the_same_with_and_without_its_padding():
    line = MasterKeys.new_line()

    assert MasterKeys.parse(line) == MasterKeys.parse(line.rstrip("="))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        (" \n , ", "empty"),
        ("c2VjcmV0", "id:key"),
        (":" + "A" * 43, "id in entry 1"),
        ("a b:" + "A" * 43, "id in entry 1"),
        ("x" * 17 + ":" + "A" * 43, "id in entry 1"),
        ("a:" + "A" * 43 + "\nb:c2VjcmV0", "Entry 2"),
        ("a:" + "A" * 42 + "!", "32 bytes"),
        ("a:" + "A" * 44, "32 bytes"),
        ("a:" + "A" * 43 + ",a:" + "B" * 43, "repeats"),
    ],
)
def test_a_wrong_list_is_refused_by_a_sentence_without_the_key(text, problem):
    with pytest.raises(ValueError, match=problem) as caught:
        MasterKeys.parse(text)

    assert "c2VjcmV0" not in str(caught.value)
    assert "AAAA" not in str(caught.value)


def test_master_keys_show_their_ids_and_nothing_else():
    line = MasterKeys.new_line()
    keys = MasterKeys.parse(line)

    assert repr(keys) == f"<MasterKeys {line.split(':')[0]}>"
