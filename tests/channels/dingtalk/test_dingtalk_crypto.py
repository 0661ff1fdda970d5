"""Every vector of protocols/dingtalk.md 3.1, 3.3 and 6.8, and the vendor-neutral SDK as a second implementation."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.dingtalk.crypto import EventCrypto, card_sign, robot_sign, same
from bot.errors import ForgedCallback

A = EventCrypto("123456", "1234567890123456789012345678901234567890123", "dingsnotzck6pm5veliw")
B = EventCrypto("mryue", "Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7", "ding6ccabc44d2c8d38b")
C = EventCrypto("tok_sales_bot_01", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "dingexampleappkey01")
C_RANDOM, C_TIME, C_NONCE = b"0123456789abcdef", "1783610513000", "nonceAbC"
C1 = (
    '{"EventType":"check_url"}',
    "Q3stYC6hdFzMh9T8HCvyDLV8JeomtQuxZLosYEI28mjzSD5UpK2hp0QUc4H6M/N5rmfnqB6QMjQkM4gB6KOqM13Uws0cK6XivEMs99S49vGcXgHQ0D"
    "0kupLdKXAA2T4N",
    "95127bab84bcdb22f18f3077f8e03417e8779eea",
)
C2 = (
    "success",
    "Q3stYC6hdFzMh9T8HCvyDOVqkB+rSNzcUvKpEE/mCfjLaGk8Q/gVyD61UDv664iMusK/JEEqfk1hG6OUVdwFww==",
    "ce97b750fe1fc8622c7854ec6432d824578ca985",
)
C3 = (
    '{"EventType":"bpms_instance_change","EventTime":1783610512000,"CorpId":"dingcorp0001","BizId":"1",'
    '"eventId":"evt-0001","processInstanceId":"PI-0001","processCode":"PROC-TEST","title":"合同审批","type":"finish",'
    '"result":"agree","staffId":"manager01","createTime":1783610000000,"finishTime":1783610512000}',
    "Q3stYC6hdFzMh9T8HCvyDJ5qGJ8jv2BWocNijgDm6saAE/yQvBD6bRthA6yGzv61yBbAP+M/kqAc1Pqmq/CU+Uxd8z/uraDqbholjqV1tLC1Vfhupc"
    "pN8zbrHg6b5VFV0HGCBsc6brcrLr8veCiKzoiGEUExnvbFIDMueJFDyy+GskG1q/KS81gKhym5HTNlGoWXhwHj7Dh6Z5zvRsehvFkf8ALNi7tXsU2r"
    "5DtHuVHGgdlO+kpyijWuz60AS5ENjRDFvu3DW/2knee15WvXTLYxRc7TC68o3txd9dgO2yoofnwtkEElvsWFP5Bmw1On8kkXB/2KmVMaynsf8opopU"
    "werJeOJxVkuFwZtF3aaCypbVgT8HYPeAa3ReSmOJy2fOewTVtI/pa+2B7tfynU4NDpuELHPSTiGfZzhqVifLKe9aM39PVxXI/R/fK+Kz6nMj77K+Ju"
    "8neP7un7IkVoeA==",
    "1eb20b2d8be4fb1b10bbbcf31d6aa20dc6735b9f",
)


def test_vector_a_opens() -> None:
    opened = A.open(
        signature="9a95a004dd16f5c307e849b994173f76aa26e5eb",
        timestamp="1614767836",
        nonce="A7Co0cJLMzIDtMMI",
        encrypt="YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA==",
    )
    assert opened == b"success"
    assert A.encrypt(b"success", random=b"dICkEDLj0eb6yAbc").startswith("YvkvaGe4hQxd3VxRmEty0dVl")


def test_vector_b_opens() -> None:
    opened = B.open(
        signature="03044561471240d4a14bb09372dfcfd4fd0e40cb",
        timestamp="1608001896814",
        nonce="WL4PK6yA",
        encrypt="0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxOK+HZeKju4yhELOFc"
        "hzNukR+t8SB/qk4ROMu3",
    )
    assert opened == b'{"EventType":"check_url"}'


@pytest.mark.parametrize(
    ("message", "encrypt", "signature"),
    [
        pytest.param(*C1, id="C1: a full block of padding"),
        pytest.param(*C2, id="C2: the answer"),
        pytest.param(*C3, id="C3: Chinese, counted in bytes"),
    ],
)
def test_vectors_c_in_both_directions(message: str, encrypt: str, signature: str) -> None:
    assert C.encrypt(message.encode(), random=C_RANDOM) == encrypt
    assert C.signature(C_TIME, C_NONCE, encrypt) == signature
    opened = C.open(signature=signature, timestamp=C_TIME, nonce=C_NONCE, encrypt=encrypt)
    assert opened == message.encode()


def test_hmac_vectors() -> None:
    assert robot_sign("1577262236757", "this is a secret") == "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA="
    assert robot_sign("1783610513000", "SECexample0001") == "hBwiS5lWb+MYipWpLPTL09CY6wYgS5CVI7DGxZ46Olw="
    assert card_sign("1783610513000", "card_api_secret_01") == "6/QzaNf/MzDSqS3+Xpy8mKyNFKuiYQ41NAffQxGGbTo="
    assert same("a", "a")
    assert not same("a", "\udcff")


@pytest.mark.parametrize(
    "encrypt",
    [
        pytest.param("", id="nothing"),
        pytest.param("???", id="no base64"),
        pytest.param("QUJD", id="no whole block"),
        pytest.param("A" * 128, id="noise"),
        pytest.param("Y" + C2[1][1:], id="first block changed"),
        pytest.param(C2[1][:-24] + "A" * 22 + "==", id="last block changed"),
    ],
)
def test_what_was_not_sealed_for_us_is_refused(encrypt: str) -> None:
    with pytest.raises(ForgedCallback):
        A.open(signature=A.signature("1", "n", encrypt), timestamp="1", nonce="n", encrypt=encrypt)


def test_a_wrong_signature_and_another_apps_event_are_refused() -> None:
    with pytest.raises(ForgedCallback, match="signature"):
        C.open(signature=C1[2], timestamp=C_TIME, nonce=C_NONCE, encrypt=C2[1])
    other = EventCrypto("tok_sales_bot_01", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "dingcorp0001")
    with pytest.raises(ForgedCallback, match="owner"):
        other.open(signature=C2[2], timestamp=C_TIME, nonce=C_NONCE, encrypt=C2[1])


@given(st.binary(max_size=200))
def test_whatever_is_sealed_opens_again(message: bytes) -> None:
    answer = C.encrypt(message)
    assert C.decrypt(answer) == message


@given(st.text(st.characters(codec="ascii"), max_size=120))
def test_noise_never_raises_anything_but_forged(noise: str) -> None:
    with pytest.raises(ForgedCallback):
        C.decrypt(noise)


@pytest.mark.filterwarnings("ignore")  # of an SDK we only use here
def test_the_other_implementation_agrees() -> None:
    """dingtalk-sdk is 110 MB in production, but right about the crypto itself; its wrong owner key is not used here."""
    from dingtalk.crypto import DingTalkCrypto

    theirs = DingTalkCrypto("tok_sales_bot_01", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "dingexampleappkey01")
    message = json.dumps({"EventType": "user_leave_org", "标题": "离职"}, ensure_ascii=False)
    sealed = theirs.encrypt_message(message, nonce="n", timestamp="1783610513000")
    ours = C.open(signature=sealed["msg_signature"], timestamp="1783610513000", nonce="n", encrypt=sealed["encrypt"])
    assert ours.decode() == message
    answer = C.success(timestamp="1783610513000", nonce="n")
    assert theirs.decrypt_message(answer, answer["msg_signature"], answer["timeStamp"], answer["nonce"]) == "success"
