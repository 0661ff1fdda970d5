"""The texts of the vectors in protocols/wecom.md 1.8."""

TOKEN, KEY, CORP = "QDG6eK9chatopsTok", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "ww1a2b3c4d5e6f7a8b"
SALT = b"0123456789abcdef"
V1_XML = (
    "<xml><ToUserName><![CDATA[ww1a2b3c4d5e6f7a8b]]></ToUserName><FromUserName><![CDATA[ZhangSan]]></FromUserName>"
    "<CreateTime>1700000000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[查客户 ACME]]></Content>"
    "<MsgId>7301234567890123456</MsgId><AgentID>1000002</AgentID></xml>"
)
V1 = (
    "Q3stYC6hdFzMh9T8HCvyDCh9c+ep0zYzymB6Et/ZFApRIH6CqURiq6lfMfw9JyI/q1mjfq5IKLwPDhWMJhoAKUKSMRSiaONfvkb125gZH5EFHhk4"
    "CP0YQx2Jo0rjQ2gvUbykodTRUQUzibeafG9NIPiepITkXaTlMHv6Aq/OXmoGoaZIF9vAcgLdFW5EnwPVVbrICpekxosEsV5g5Wqep0lfds+ML/C3"
    "IflQ98KmET+wU7XnnN66wE/yJSrymux+H3PmynbJ065o9hbavbKi1j/HS6lQvKSicXiLomemy5ozrys43wB+cLwAAMfBT7GGeWFf9y9PyttPw+xf"
    "/HFylPA3FOry+ONdt05eU7t2JdObPJwpKhYTl+YQezWfV8nsOuMdX38/2kfgREOguAFbhvhXFPqWufDEiASF2rHjxITpSxrr5K6T1+MbF2ZyUa3f"
    "qZKrMTlOMX5AzQ3BcZFK/Q=="
)
V2 = "Q3stYC6hdFzMh9T8HCvyDIdlCPAosavqpCbm1agUcLiMopk2t5QSKDE6GdVPxDKCLrmIEcXHJ3LQuoB3Q8doiQ=="
V3 = (
    "Q3stYC6hdFzMh9T8HCvyDMDF2RXr9TH5YKOAWiIrtSyix7i9Qs+e5sfTLWSKFU2Hoep1un8Uh8Ol1TNbMyCPN3R2Q9nQLzt+b+8SCgo2gqp7Aqhg"
    "1pME+G5iM4rKvNs8"
)
V4_JSON = (
    '{"msgid":"M1","aibotid":"B1","chattype":"single","from":{"userid":"ZhangSan"},"msgtype":"text",'
    '"text":{"content":"hi"}}'
)
V4 = (
    "Q3stYC6hdFzMh9T8HCvyDJio+SU+sPOGqcc25mjOBbWwQzomrqPXIDoq5+xq3EaFKYhOqPt1s13JhtyKZ9MJgZ9IELg3m2imLRUB2n1WIfbpAAB2"
    "NnkHbHjmkCO9apIzrzzM9fXz5TMaz9JfG5da+ZMp8PGTwx9V1F88DgMVcNCFc+sR0ub4V73UYrWRmtRhQT8nUtecZ8b5sA6/6c4ryQ=="
)
V5 = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
V5_KEYS = ("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
