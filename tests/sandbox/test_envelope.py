"""The envelope against the vectors of both protocol files (wecom.md 1.8, dingtalk.md 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.sandbox.crypto import BadEnvelope, CallbackCipher, hmac_sign

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
WECOM_TOKEN, CORP = "QDG6eK9chatopsTok", "ww1a2b3c4d5e6f7a8b"
DING_TOKEN, APP = "tok_sales_bot_01", "dingexampleappkey01"
RANDOM = b"0123456789abcdef"


@dataclass(frozen=True)
class Vector:
    """One message that independent implementations encrypt to the same bytes."""

    token: str
    receiver: str
    timestamp: str
    nonce: str
    plain: str
    encrypted: str
    signature: str


VECTORS = {
    "V1": Vector(
        WECOM_TOKEN,
        CORP,
        "1700000000",
        "1597531486",
        (
            "<xml><ToUserName><![CDATA[ww1a2b3c4d5e6f7a8b]]></ToUserName><FromUserName><![CDATA[ZhangSan]]></"
            "FromUserName><CreateTime>1700000000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![C"
            "DATA[查客户 ACME]]></Content><MsgId>7301234567890123456</MsgId><AgentID>1000002</AgentID></xml>"
        ),
        (
            "Q3stYC6hdFzMh9T8HCvyDCh9c+ep0zYzymB6Et/ZFApRIH6CqURiq6lfMfw9JyI/q1mjfq5IKLwPDhWMJhoAKUKSMRSiaONf"
            "vkb125gZH5EFHhk4CP0YQx2Jo0rjQ2gvUbykodTRUQUzibeafG9NIPiepITkXaTlMHv6Aq/OXmoGoaZIF9vAcgLdFW5EnwPV"
            "VbrICpekxosEsV5g5Wqep0lfds+ML/C3IflQ98KmET+wU7XnnN66wE/yJSrymux+H3PmynbJ065o9hbavbKi1j/HS6lQvKSi"
            "cXiLomemy5ozrys43wB+cLwAAMfBT7GGeWFf9y9PyttPw+xf/HFylPA3FOry+ONdt05eU7t2JdObPJwpKhYTl+YQezWfV8ns"
            "OuMdX38/2kfgREOguAFbhvhXFPqWufDEiASF2rHjxITpSxrr5K6T1+MbF2ZyUa3fqZKrMTlOMX5AzQ3BcZFK/Q=="
        ),
        "d91c9ad8bebf4ae106ee1a7a4adbecb36386dd42",
    ),
    "V2": Vector(
        WECOM_TOKEN,
        CORP,
        "1700000001",
        "263014780",
        "7301234567890123456",
        "Q3stYC6hdFzMh9T8HCvyDIdlCPAosavqpCbm1agUcLiMopk2t5QSKDE6GdVPxDKCLrmIEcXHJ3LQuoB3Q8doiQ==",
        "0da8c55030d44cdc7518b35906da4d0991b832b9",
    ),
    "V3": Vector(
        WECOM_TOKEN,
        CORP,
        "1700000002",
        "1",
        "AAAAAAAAAAAAAAAAAAAAAAAAAA",
        (
            "Q3stYC6hdFzMh9T8HCvyDMDF2RXr9TH5YKOAWiIrtSyix7i9Qs+e5sfTLWSKFU2Hoep1un8Uh8Ol1TNbMyCPN3R2Q9nQLzt+"
            "b+8SCgo2gqp7Aqhg1pME+G5iM4rKvNs8"
        ),
        "f22be18aafbe6c005e7970d52fce1f5ae79a5957",
    ),
    "V4": Vector(
        WECOM_TOKEN,
        "",
        "1700000003",
        "n4",
        (
            '{"msgid":"M1","aibotid":"B1","chattype":"single","from":{"userid":"ZhangSan"},"msgtype":"text","'
            'text":{"content":"hi"}}'
        ),
        (
            "Q3stYC6hdFzMh9T8HCvyDJio+SU+sPOGqcc25mjOBbWwQzomrqPXIDoq5+xq3EaFKYhOqPt1s13JhtyKZ9MJgZ9IELg3m2im"
            "LRUB2n1WIfbpAAB2NnkHbHjmkCO9apIzrzzM9fXz5TMaz9JfG5da+ZMp8PGTwx9V1F88DgMVcNCFc+sR0ub4V73UYrWRmtRh"
            "QT8nUtecZ8b5sA6/6c4ryQ=="
        ),
        "e4984004da1920773284d4f94f669f725505f72e",
    ),
    "C1": Vector(
        DING_TOKEN,
        APP,
        "1783610513000",
        "nonceAbC",
        '{"EventType":"check_url"}',
        (
            "Q3stYC6hdFzMh9T8HCvyDLV8JeomtQuxZLosYEI28mjzSD5UpK2hp0QUc4H6M/N5rmfnqB6QMjQkM4gB6KOqM13Uws0cK6Xi"
            "vEMs99S49vGcXgHQ0D0kupLdKXAA2T4N"
        ),
        "95127bab84bcdb22f18f3077f8e03417e8779eea",
    ),
    "C2": Vector(
        DING_TOKEN,
        APP,
        "1783610513000",
        "nonceAbC",
        "success",
        "Q3stYC6hdFzMh9T8HCvyDOVqkB+rSNzcUvKpEE/mCfjLaGk8Q/gVyD61UDv664iMusK/JEEqfk1hG6OUVdwFww==",
        "ce97b750fe1fc8622c7854ec6432d824578ca985",
    ),
    "C3": Vector(
        DING_TOKEN,
        APP,
        "1783610513000",
        "nonceAbC",
        (
            '{"EventType":"bpms_instance_change","EventTime":1783610512000,"CorpId":"dingcorp0001","BizId":"1'
            '","eventId":"evt-0001","processInstanceId":"PI-0001","processCode":"PROC-TEST","title":"合同审批","t'
            'ype":"finish","result":"agree","staffId":"manager01","createTime":1783610000000,"finishTime":178'
            "3610512000}"
        ),
        (
            "Q3stYC6hdFzMh9T8HCvyDJ5qGJ8jv2BWocNijgDm6saAE/yQvBD6bRthA6yGzv61yBbAP+M/kqAc1Pqmq/CU+Uxd8z/uraDq"
            "bholjqV1tLC1VfhupcpN8zbrHg6b5VFV0HGCBsc6brcrLr8veCiKzoiGEUExnvbFIDMueJFDyy+GskG1q/KS81gKhym5HTNl"
            "GoWXhwHj7Dh6Z5zvRsehvFkf8ALNi7tXsU2r5DtHuVHGgdlO+kpyijWuz60AS5ENjRDFvu3DW/2knee15WvXTLYxRc7TC68o"
            "3txd9dgO2yoofnwtkEElvsWFP5Bmw1On8kkXB/2KmVMaynsf8opopUwerJeOJxVkuFwZtF3aaCypbVgT8HYPeAa3ReSmOJy2"
            "fOewTVtI/pa+2B7tfynU4NDpuELHPSTiGfZzhqVifLKe9aM39PVxXI/R/fK+Kz6nMj77K+Ju8neP7un7IkVoeA=="
        ),
        "1eb20b2d8be4fb1b10bbbcf31d6aa20dc6735b9f",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_encrypts_and_decrypts(name: str) -> None:
    vector = VECTORS[name]
    cipher = CallbackCipher(vector.token, KEY, vector.receiver)
    assert cipher.encrypt(vector.plain, random=RANDOM) == vector.encrypted
    assert cipher.sign(vector.timestamp, vector.nonce, vector.encrypted) == vector.signature
    assert cipher.open(vector.signature, vector.timestamp, vector.nonce, vector.encrypted) == vector.plain


def test_v5_the_vendors_own_example() -> None:
    cipher = CallbackCipher("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
    echo = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    signature = "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    assert cipher.open(signature, "1409659589", "263014780", echo) == "1616140317555161061"


@pytest.mark.parametrize(
    ("token", "aes_key", "owner", "timestamp", "nonce", "signature", "encrypted", "plain"),
    [
        pytest.param(
            "123456",
            "1234567890123456789012345678901234567890123",
            "dingsnotzck6pm5veliw",
            "1614767836",
            "A7Co0cJLMzIDtMMI",
            "9a95a004dd16f5c307e849b994173f76aa26e5eb",
            "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA==",
            "success",
            id="A",
        ),
        pytest.param(
            "mryue",
            "Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7",
            "ding6ccabc44d2c8d38b",
            "1608001896814",
            "WL4PK6yA",
            "03044561471240d4a14bb09372dfcfd4fd0e40cb",
            (
                "0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxOK+HZ"
                "eKju4yhELOFchzNukR+t8SB/qk4ROMu3"
            ),
            '{"EventType":"check_url"}',
            id="B",
        ),
    ],
)
def test_dingtalks_own_examples(
    token: str, aes_key: str, owner: str, timestamp: str, nonce: str, signature: str, encrypted: str, plain: str
) -> None:
    cipher = CallbackCipher(token, aes_key, owner)
    assert cipher.open(signature, timestamp, nonce, encrypted) == plain
    with pytest.raises(BadEnvelope, match="another owner"):
        CallbackCipher(token, aes_key, "dingsomebodyelse").open(signature, timestamp, nonce, encrypted)


def test_the_random_part_of_vector_a_makes_the_same_bytes() -> None:
    cipher = CallbackCipher("123456", "1234567890123456789012345678901234567890123", "dingsnotzck6pm5veliw")
    encrypted = "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA=="
    assert cipher.encrypt("success", random=b"dICkEDLj0eb6yAbc") == encrypted


@pytest.mark.parametrize(
    ("key", "message", "signature"),
    [
        pytest.param(
            "this is a secret",
            "1577262236757\nthis is a secret",
            "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA=",
            id="robot message",
        ),
        pytest.param(
            "SECexample0001",
            "1783610513000\nSECexample0001",
            "hBwiS5lWb+MYipWpLPTL09CY6wYgS5CVI7DGxZ46Olw=",
            id="custom robot",
        ),
        pytest.param(
            "card_api_secret_01", "1783610513000", "6/QzaNf/MzDSqS3+Xpy8mKyNFKuiYQ41NAffQxGGbTo=", id="card callback"
        ),
    ],
)
def test_hmac_vectors(key: str, message: str, signature: str) -> None:
    assert hmac_sign(key, message) == signature


V1 = VECTORS["V1"]


@pytest.mark.parametrize(
    ("signature", "encrypted", "receiver"),
    [
        pytest.param(V1.signature.replace("d", "e", 1), V1.encrypted, CORP, id="one nibble of the signature"),
        pytest.param(V1.signature, V1.encrypted, "ww0000000000000000", id="somebody else's message"),
        pytest.param("", V1.encrypted[:-24], CORP, id="a block short"),
        pytest.param("", "not base64!", CORP, id="no base64"),
        pytest.param("", "", CORP, id="nothing"),
    ],
)
def test_a_bad_envelope_is_refused(signature: str, encrypted: str, receiver: str) -> None:
    cipher = CallbackCipher(WECOM_TOKEN, KEY, receiver)
    good = signature or cipher.sign(V1.timestamp, V1.nonce, encrypted)
    with pytest.raises(BadEnvelope):
        cipher.open(good, V1.timestamp, V1.nonce, encrypted)
