"""The frames' constants against the official package, and the pace of reconnecting."""

from __future__ import annotations

import json

import pytest

from bot.channels.dingtalk import frames
from bot.channels.dingtalk.backoff import Backoff, Pace


@pytest.mark.filterwarnings("ignore")  # of a package that only tests import
def test_topics_and_codes_are_the_official_packages() -> None:
    from dingtalk_stream import AckMessage, Card_Callback_Router_Topic, ChatbotMessage, EventMessage, SystemMessage

    assert frames.ROBOT_TOPIC == ChatbotMessage.TOPIC
    assert Card_Callback_Router_Topic == frames.CARD_TOPIC
    assert (frames.SYSTEM, frames.EVENT) == (SystemMessage.TYPE, EventMessage.TYPE)
    assert frames.DISCONNECT == SystemMessage.TOPIC_DISCONNECT
    assert frames.OK == AckMessage.STATUS_OK
    assert frames.BAD_DATA == AckMessage.STATUS_BAD_REQUEST
    assert frames.NO_SUCH_TOPIC == AckMessage.STATUS_NOT_IMPLEMENT
    assert frames.FAILED == AckMessage.STATUS_SYSTEM_EXCEPTION


def test_an_answer_has_the_official_shape() -> None:
    frame = frames.decode('{"type":"CALLBACK","headers":{"topic":"t","messageId":"m1"},"data":"{}"}')
    assert frame is not None
    answer = json.loads(frames.ack(frame, 200, {"response": None}))
    assert answer == {
        "code": 200,
        "headers": {"messageId": "m1", "contentType": "application/json"},
        "message": "OK",
        "data": '{"response":null}',
    }


@pytest.mark.parametrize(
    ("data", "nick"),
    [
        pytest.param(r'{"senderNick":"王\ud83d"}', "王?", id="half an emoji, cut off by the platform"),
        pytest.param('{"senderNick":"王\t"}', "王\t", id="a bare control character"),
    ],
)
def test_one_odd_character_does_not_cost_a_message(data: str, nick: str) -> None:
    frame = frames.decode(json.dumps({"type": "CALLBACK", "headers": {}, "data": data}))
    assert frame is not None
    assert frame.payload() == {"senderNick": nick}


class Waits:
    """A back-off without chance, and with a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.backoff = Backoff(Pace(), monotonic=lambda: self.now, uniform=lambda low, high: high)

    def dropped(self, *, lived: float = 0.0, useful: bool = False, announced: bool = False) -> float:
        self.now += lived
        return self.backoff.after_link(lived=lived, useful=useful, announced=announced)


def test_waits_grow_from_a_second_to_a_minute_even_after_clean_closes() -> None:
    waits = Waits()
    assert [waits.dropped() for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


def test_a_link_that_lived_starts_afresh() -> None:
    waits = Waits()
    for _ in range(5):
        waits.dropped()
    assert waits.dropped(lived=3600) == 0.5


def test_failing_opens_wait_longer_and_longer() -> None:
    waits = Waits()
    assert waits.dropped(lived=3600) == 0.5
    assert [waits.backoff.after_failure() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_an_announced_end_costs_no_wait_unless_it_repeats() -> None:
    waits = Waits()
    assert waits.dropped(lived=72000, announced=True) == 0
    assert [waits.dropped(announced=True) for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize(("lived", "useful"), [(0.2, True), (3.0, False)], ids=["delivered", "lived a while"])
def test_links_that_work_and_drop_are_replaced_fast_but_not_for_ever(lived: float, useful: bool) -> None:
    waits = Waits()
    assert [waits.dropped(lived=lived, useful=useful) for _ in range(8)] == [0.5] * 6 + [1, 2]


def test_refused_credentials_are_asked_at_most_once_a_minute() -> None:
    waits = Waits()
    assert min(waits.backoff.after_refusal() for _ in range(3)) >= 60
