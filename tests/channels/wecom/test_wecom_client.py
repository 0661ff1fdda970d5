"""One call at a time: token, error table, duplicates, cards. The server is the stand-in beside this file."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar

import httpx
import orjson
import pytest

from bot.actions import Action
from bot.channels.base import CardHandle
from bot.channels.wecom.api import keyed_digest
from bot.errors import (
    ChannelError,
    ChannelMisconfigured,
    ChannelRejected,
    ChannelUnavailable,
    OutcomeUnknown,
    RateLimited,
)
from bot.messages import Button, Card, CardUpdate, Markdown, OutboundMessage, Text
from tests.channels.wecom.wecom_stand_in import SETTINGS, Bench, message

SEND = "message/send"
KEY = f"wecom:{SETTINGS.corp_id}:1000002"
TOKEN_KEY = f"{KEY}:{keyed_digest(SETTINGS.secret.get_secret_value(), 'token')}"


@dataclass(frozen=True)
class Confirm(Action):
    name: ClassVar[str] = "visit.confirm"


CARD = Card(title="拜访 BF1", buttons=(Button(text="确认", action=Confirm()),))
SETTLED = Card(title="拜访 BF1", status="李雷 已确认")


@pytest.fixture
def bench() -> Bench:
    return Bench()


# -- sending ----------------------------------------------------------------------------------------------------------
async def test_a_text_goes_out_as_real_utf8(bench: Bench) -> None:
    receipt = await bench.channel.send(message(Text(text="你好 🇨🇳"), "ZhangSan", "LiSi", "ZhangSan"))
    (body,) = bench.server.bodies(SEND)
    assert "你好 🇨🇳".encode() in body
    assert orjson.loads(body) == {
        "touser": "ZhangSan|LiSi",
        "msgtype": "text",
        "agentid": 1000002,
        "text": {"content": "你好 🇨🇳"},
        "enable_duplicate_check": 1,
        "duplicate_check_interval": 1807,
    }
    assert receipt.platform_id == "msg1"


async def test_those_who_cannot_be_reached_are_named(bench: Bench) -> None:
    bench.server.script[SEND] = [
        {"errcode": 0, "errmsg": "ok", "invaliduser": "lisi|wangwu", "unlicenseduser": "zhaoliu", "msgid": "m"}
    ]
    receipt = await bench.channel.send(message(Text(text="x"), "ZhangSan", "LiSi", "WangWu", "ZhaoLiu"))
    assert receipt.invalid == ("lisi", "wangwu", "zhaoliu")


async def test_a_card_gives_a_code_for_its_update(bench: Bench) -> None:
    receipt = await bench.channel.send(message(CARD, card_id="c-1"))
    assert receipt.response_code == "code-of-c-1"
    assert bench.server.delivered[0]["template_card"]["task_id"] == "c-1"


@pytest.mark.parametrize(
    ("outbound", "code"),
    [
        pytest.param(OutboundMessage(outbox_id=1, recipients=(), content=Text(text="x")), "82001", id="nobody"),
        pytest.param(message(Text(text="x"), *(f"u{n}" for n in range(1001))), "40032", id="too many people"),
        pytest.param(message(Text(text=" \n")), "44004", id="nothing to say"),
        pytest.param(message(Text(text="长" * 700)), "45002", id="not split before"),
        pytest.param(message(CardUpdate(card_id="c", card=CARD)), "not_a_message", id="an update"),
    ],
)
async def test_what_is_never_sent(bench: Bench, outbound: OutboundMessage, code: str) -> None:
    with pytest.raises(ChannelRejected) as failure:
        await bench.channel.send(outbound)
    assert failure.value.code == code
    assert not bench.server.delivered


async def test_limits_stay_under_what_the_platform_drops_silently(bench: Bench) -> None:
    app, *members = bench.channel.limits(message(Text(text="x"), "ZhangSan", "zhangsan", "LiSi"))
    assert app.key == f"{KEY}:message/send"
    assert [limit.key for limit in members] == [f"{KEY}:to:zhangsan", f"{KEY}:to:lisi"]
    for limit in members:  # a burst of `count`, then a smooth rate: what any window can hold at most
        per_second = limit.count / limit.seconds
        assert limit.count + 60 * per_second <= 30
        assert limit.count + 3600 * per_second <= 1000


# -- doing it twice ---------------------------------------------------------------------------------------------------
async def test_a_retry_after_a_lost_answer_shows_nothing_twice(bench: Bench) -> None:
    await bench.channel.send(message(Text(text="收到"), interactive=True))
    await bench.channel.send(message(Text(text="收到"), interactive=True, attempt=2))
    first, second = bench.server.bodies(SEND)
    assert first == second
    assert len(bench.server.delivered) == 1


async def test_the_same_answer_to_a_second_question_arrives(bench: Bench) -> None:
    for outbox_id in (7, 8):
        await bench.channel.send(message(Text(text="收到"), interactive=True, outbox_id=outbox_id))
    assert [body["text"]["content"] for body in bench.server.delivered] == ["收到", "收到"]


async def test_a_card_sent_before_is_not_an_error_on_the_second_try(bench: Bench) -> None:
    bench.server.script[SEND] = [{"errcode": 42014, "errmsg": "task id"}]
    assert (await bench.channel.send(message(CARD, card_id="c-1", attempt=2))).note == "duplicate"
    bench.server.script[SEND] = [{"errcode": 42014, "errmsg": "task id"}]
    with pytest.raises(ChannelRejected):
        await bench.channel.send(message(CARD, card_id="c-1"))


# -- token ------------------------------------------------------------------------------------------------------------
async def test_the_token_is_fetched_once(bench: Bench) -> None:
    for number in range(3):
        await bench.channel.send(message(Text(text=str(number))))
    assert bench.server.count("gettoken") == 1


@pytest.mark.parametrize("code", [42001, 40014, 40001])
async def test_a_refused_token_is_renewed_once(bench: Bench, code: int) -> None:
    bench.memory.tokens[TOKEN_KEY] = "OLD"
    bench.server.script[SEND] = [{"errcode": code, "errmsg": "x"}]
    await bench.channel.send(message(Text(text="x")))
    assert (bench.server.count("gettoken"), bench.server.count(SEND), len(bench.server.delivered)) == (1, 2, 1)


@pytest.mark.parametrize(
    ("code", "kind"), [(42001, ChannelUnavailable), (40014, ChannelUnavailable), (40001, ChannelMisconfigured)]
)
async def test_a_token_refused_twice_ends_the_call(bench: Bench, code: int, kind: type[ChannelError]) -> None:
    bench.memory.tokens[TOKEN_KEY] = "OLD"
    bench.server.script[SEND] = [{"errcode": code, "errmsg": "x"}] * 5
    with pytest.raises(kind):
        await bench.channel.send(message(Text(text="x")))
    assert (bench.server.count("gettoken"), bench.server.count(SEND)) == (1, 2)


async def test_another_process_may_have_renewed_it_already(bench: Bench) -> None:
    bench.memory.tokens[TOKEN_KEY] = "OLD"

    async def renewed_elsewhere(key: str, token: str) -> bool:
        bench.memory.tokens[key] = "T1"
        return False

    bench.memory.drop = renewed_elsewhere  # type: ignore[method-assign]
    await bench.channel.send(message(Text(text="x")))
    assert (bench.server.count("gettoken"), len(bench.server.delivered)) == (0, 1)


async def test_the_same_token_is_not_tried_again(bench: Bench) -> None:
    bench.memory.tokens[TOKEN_KEY] = "OLD"

    async def renewed_a_moment_ago(key: str, token: str) -> bool:
        return False

    bench.memory.drop = renewed_a_moment_ago  # type: ignore[method-assign]
    with pytest.raises(ChannelUnavailable):
        await bench.channel.send(message(Text(text="x")))
    assert bench.server.count(SEND) == 1


async def test_a_wrong_secret_is_tried_once_in_ten_minutes(bench: Bench) -> None:
    bench.server.secret = "another one"
    for _ in range(5):
        with pytest.raises(ChannelMisconfigured, match="secret"):
            await bench.channel.send(message(Text(text="x")))
    assert bench.server.count("gettoken") == 1
    assert max(bench.memory.paused.values()) == 600  # other processes hold back as well
    bench.memory.paused.clear()
    bench.now += 601
    bench.server.secret = "very-secret-indeed"
    await bench.channel.send(message(Text(text="x")))
    assert len(bench.server.delivered) == 1


async def test_the_ban_of_gettoken_lasts_an_hour(bench: Bench) -> None:
    bench.server.script["gettoken"] = [{"errcode": 45009, "errmsg": "x"}]
    for _ in range(2):
        with pytest.raises(RateLimited) as failure:
            await bench.channel.send(message(Text(text="x")))
    assert (failure.value.retry_after_seconds, bench.server.count("gettoken")) == (3600, 1)


# -- error table ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param({"errcode": -1, "errmsg": "busy"}, ChannelUnavailable, id="busy"),
        pytest.param({"errcode": 6000, "errmsg": "conflict"}, ChannelUnavailable, id="data version"),
        pytest.param(httpx.Response(502, text="<html>"), ChannelUnavailable, id="502"),
        pytest.param(httpx.Response(500, json={"errcode": 0}), ChannelUnavailable, id="500 with JSON"),
        pytest.param(httpx.Response(200, text="<html>"), ChannelUnavailable, id="not JSON"),
        pytest.param(httpx.Response(200, text="[]"), ChannelUnavailable, id="JSON, but no object"),
        pytest.param(httpx.ConnectError("x"), ChannelUnavailable, id="cannot connect"),
        pytest.param(httpx.ConnectTimeout("x"), ChannelUnavailable, id="connect time-out"),
        pytest.param(httpx.ReadTimeout("x"), OutcomeUnknown, id="no answer"),
        pytest.param(httpx.RemoteProtocolError("x"), OutcomeUnknown, id="cut off"),
        pytest.param({"errcode": 45009, "errmsg": "x"}, RateLimited, id="frequency"),
        pytest.param({"errcode": 45033, "errmsg": "x"}, RateLimited, id="concurrency"),
        pytest.param({"errcode": 60020, "errmsg": "x"}, ChannelMisconfigured, id="IP"),
        pytest.param({"errcode": 43012, "errmsg": "x"}, ChannelMisconfigured, id="no callback URL"),
        pytest.param({"errcode": 48002, "errmsg": "x"}, ChannelMisconfigured, id="no permission"),
        pytest.param({"errcode": 40056, "errmsg": "x"}, ChannelMisconfigured, id="agent id"),
        pytest.param({"errcode": 301002, "errmsg": "x"}, ChannelMisconfigured, id="another app's token"),
        pytest.param({"errcode": 301007, "errmsg": "x"}, ChannelMisconfigured, id="corp dissolved"),
        pytest.param({"errcode": 81013, "errmsg": "x"}, ChannelRejected, id="nobody in range"),
        pytest.param({"errcode": 42042, "errmsg": "x"}, ChannelRejected, id="card list too long"),
        pytest.param({"errcode": 99999, "errmsg": "x"}, ChannelRejected, id="unknown"),
    ],
)
async def test_errors(bench: Bench, answer: object, kind: type[ChannelError]) -> None:
    bench.server.script[SEND] = [answer]
    with pytest.raises(ChannelError) as failure:
        await bench.channel.send(message(Text(text="x")))
    assert type(failure.value) is kind


async def test_a_refused_ip_is_named_and_the_app_pauses(bench: Bench) -> None:
    said = "not allow to access from your ip, hint: [1], from ip: 203.0.113.9, more info at https://x/?access_token=T1"
    bench.server.script[SEND] = [{"errcode": 60020, "errmsg": said}]
    with pytest.raises(ChannelMisconfigured, match=r"203\.0\.113\.9"):
        await bench.channel.send(message(Text(text="x")))
    assert bench.memory.paused[f"{KEY}:message/send"] == 180


async def test_the_platforms_pause_grows_from_minute_to_hour_to_day(bench: Bench) -> None:
    waits = []
    for _ in range(3):
        bench.server.script[SEND] = [{"errcode": 45009, "errmsg": "x"}]
        with pytest.raises(RateLimited) as failure:
            await bench.channel.send(message(Text(text="x")))
        waits.append(failure.value.retry_after_seconds)
        with pytest.raises(RateLimited):  # inside the window nothing goes out
            await bench.channel.send(message(Text(text="x")))
        bench.now += waits[-1] + 1
    assert waits[:2] == [60, 3600]
    assert (1_700_000_000 + 60 + 3600 + 2 + waits[2]) % 86400 == 16 * 3600  # midnight in Shanghai
    assert bench.server.count(SEND) == 3
    bench.now += 3600
    bench.server.script[SEND] = [{"errcode": 45009, "errmsg": "x"}]
    with pytest.raises(RateLimited) as failure:  # long after: a new trouble starts small
        await bench.channel.send(message(Text(text="x")))
    assert failure.value.retry_after_seconds == 60


async def test_neither_logs_nor_errors_hold_a_secret(
    bench: Bench, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    bench.server.good_token = "TOKEN-VALUE"
    said = "bad https://qyapi.weixin.qq.com/cgi-bin/x?access_token=TOKEN-VALUE&corpsecret=very-secret-indeed end"
    bench.server.script[SEND] = [{"errcode": 99999, "errmsg": said}]
    with pytest.raises(ChannelRejected) as failure:
        await bench.channel.send(message(Text(text="x")))
    bench.server.secret = "another one"
    bench.memory.tokens.clear()
    with pytest.raises(ChannelMisconfigured) as other:
        await bench.channel.send(message(Text(text="x")))
    written = caplog.text + "".join(capfd.readouterr()) + str(failure.value) + str(other.value)
    assert "TOKEN-VALUE" not in written
    assert "very-secret" not in written


# -- card updates -----------------------------------------------------------------------------------------------------
UPDATE = "message/update_template_card"


def update(attempt: int = 1, *users: str) -> OutboundMessage:
    return message(CardUpdate(card_id="c-1", card=SETTLED), *users, card_id="c-1", attempt=attempt, outbox_id=12)


async def test_a_card_is_updated_for_everybody_with_its_newest_code(bench: Bench) -> None:
    bench.server.script[UPDATE] = [{"errcode": 0, "errmsg": "ok", "invaliduser": ["lisi"]}]
    handle = CardHandle(card_id="c-1", response_codes=("R2", "R1"))
    receipt = await bench.channel.update_card(update(1, "ZhangSan", "LiSi"), handle, SETTLED)
    (body,) = map(orjson.loads, bench.server.bodies(UPDATE))
    assert (body["userids"], body["response_code"], body["agentid"]) == (["ZhangSan", "LiSi"], "R2", 1000002)
    assert body["template_card"]["sub_title_text"] == "李雷 已确认"
    assert (receipt.note, receipt.platform_id, receipt.invalid) == ("updated", "R2", ("lisi",))


async def test_a_spent_code_means_done(bench: Bench) -> None:
    bench.server.script[UPDATE] = [{"errcode": 42022, "errmsg": "used"}] * 2
    handle = CardHandle(card_id="c-1", response_codes=("R2", "R1"))
    assert (await bench.channel.update_card(update(attempt=2), handle, SETTLED)).note == "done"
    assert bench.server.count(UPDATE) == 1
    handle = CardHandle(card_id="c-1", response_codes=("R2",))
    assert (await bench.channel.update_card(update(), handle, SETTLED)).note == "done"
    assert not bench.server.delivered


async def test_a_spent_code_on_the_first_try_leaves_the_next_one(bench: Bench) -> None:
    bench.server.script[UPDATE] = [{"errcode": 42022, "errmsg": "used"}]
    handle = CardHandle(card_id="c-1", response_codes=("R2", "R1"))
    receipt = await bench.channel.update_card(update(), handle, SETTLED)
    assert (receipt.note, receipt.platform_id) == ("updated", "R1")


@pytest.mark.parametrize("code", [40058, 42015, 42016])
async def test_where_no_code_serves_a_new_card_is_sent(bench: Bench, code: int) -> None:
    bench.server.script[UPDATE] = [{"errcode": code, "errmsg": "x"}]
    handle = CardHandle(card_id="c-1", response_codes=("R1",))
    receipt = await bench.channel.update_card(update(), handle, CARD)
    assert (receipt.note, receipt.response_code) == ("replaced", "code-of-c-1@12-1")
    assert bench.server.delivered[0]["template_card"]["task_id"] == "c-1@12-1"


async def test_a_settled_card_without_a_code_is_told(bench: Bench) -> None:
    receipt = await bench.channel.update_card(update(), CardHandle(card_id="c-1"), SETTLED)
    assert receipt.note == "replaced"
    assert bench.server.delivered[0]["markdown"]["content"] == "**拜访 BF1**\n李雷 已确认"
    await bench.channel.update_card(update(attempt=2), CardHandle(card_id="c-1"), SETTLED)
    assert len(bench.server.delivered) == 1


async def test_an_update_that_was_refused_for_another_reason_is_no_new_card(bench: Bench) -> None:
    bench.server.script[UPDATE] = [{"errcode": 81013, "errmsg": "x"}]
    with pytest.raises(ChannelRejected):
        await bench.channel.update_card(update(), CardHandle(card_id="c-1", response_codes=("R1",)), SETTLED)
    assert not bench.server.delivered


async def test_every_piece_of_a_split_can_be_sent(bench: Bench) -> None:
    content = Card(title="报告", body="很长的一段话。" * 600, buttons=CARD.buttons * 8)
    pieces = bench.channel.split(content)
    for number, piece in enumerate(pieces):
        card_id = f"c-{number}" if isinstance(piece, Card) else ""
        await bench.channel.send(message(piece, outbox_id=number, card_id=card_id))
    kinds = [body["msgtype"] for body in bench.server.delivered]
    assert kinds == ["markdown"] * sum(isinstance(piece, Markdown) for piece in pieces) + ["template_card"] * 2
