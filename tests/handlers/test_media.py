"""Photos, places and voice notes find their visit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.errors import ChannelRejected, ChannelUnavailable, ConnectorRefused, ConnectorUnavailable
from bot.messages import Kind, Media
from bot.settings import Settings, SpeechSettings
from store.queue import TryLater
from tests.support.desk import DINGTALK, WECOM, Desk, LosingChannel

LV = "刚去了绿源滨江，王姐要20件矿泉水，大概3000块，下周三送样"
NOTE = Media(ref="voice-1", mime="amr", duration_ms=4000)


async def _attached(desk: Desk) -> list[tuple[str, bytes]]:
    """(kind, content) of every file that hangs on a visit."""
    async with desk.unit_of_work() as uow:
        rows = await uow.connection.execute(
            text("SELECT kind, content FROM visit_attachments JOIN attachments USING (attachment_id) ORDER BY 2")
        )
        return [(row.kind, bytes(row.content)) for row in rows]


async def test_a_photo_after_the_visit_is_attached(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    desk.minutes_later(9)
    assert await desk.photo("LiLei") == "照片已附到 绿源超市(滨江店) 2月12日的拜访"
    await desk.work()
    assert await _attached(desk) == [("image", b"content of photo-1")]


async def test_a_photo_before_the_visit_waits_for_it(desk: Desk) -> None:
    assert "先留着" in await desk.photo("LiLei")
    desk.minutes_later(8)
    shown = await desk.says("LiLei", LV)
    assert "附：照片" in shown
    await desk.work()
    assert await _attached(desk) == [("image", b"content of photo-1")]


async def test_after_ten_minutes_a_photo_belongs_to_nothing(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    desk.minutes_later(11)
    assert "先留着" in await desk.photo("LiLei")
    desk.minutes_later(11)
    assert "附：" not in await desk.says("LiLei", "又去了利康便利店(老街店)，老板要500块的货")


async def test_a_photo_delivered_late_finds_the_visit_of_its_time(desk: Desk) -> None:
    """Callbacks are reordered: what counts is when it was sent."""
    await desk.says("LiLei", LV)
    taken = desk.clock.now() - timedelta(minutes=1)
    desk.minutes_later(30)
    await desk.sends("LiLei", kind=Kind.IMAGE, media=(Media(ref="late"),), sent_at=taken)
    assert "照片已附到" in await desk.last("LiLei")


async def test_several_photos_of_one_message(desk: Desk) -> None:
    await desk.says("dd_lilei", LV, channel=DINGTALK)
    await desk.sends("dd_lilei", kind=Kind.IMAGE, media=(Media(ref="a"), Media(ref="b")), channel=DINGTALK)
    assert "2 张照片已附到" in await desk.last("dd_lilei")
    await desk.work()
    assert len(await _attached(desk)) == 2


async def test_photos_inside_a_text_hang_on_the_visit_it_tells_of(desk: Desk) -> None:
    await desk.sends("dd_lilei", kind=Kind.TEXT, text=LV, media=(Media(ref="a"), Media(ref="b")), channel=DINGTALK)
    assert "附：照片 2 张" in await desk.last("dd_lilei")


async def test_a_place_is_kept_with_the_visit(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    assert await desk.place("LiLei", "水杉路22号") == "定位已附到 绿源超市(滨江店) 2月12日的拜访"
    async with desk.unit_of_work() as uow:
        row = (await uow.connection.execute(text("SELECT visit_no, latitude, label FROM visit_media"))).one()
    assert (row.visit_no, row.latitude, row.label) == ((await desk.visits())[0].visit_no, 30.2, "水杉路22号")


async def test_the_other_platform_counts_as_the_same_person(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.sends("dd_lilei", kind=Kind.IMAGE, media=(Media(ref="a"),), channel=DINGTALK)
    assert "照片已附到" in await desk.last("dd_lilei")


async def test_a_download_that_fails_is_tried_again(desk: Desk) -> None:
    desk.channels[WECOM] = LosingChannel(ChannelUnavailable("busy"))
    await desk.says("LiLei", LV)
    await desk.photo("LiLei")
    (task,) = await desk.deferred("store_media")
    with pytest.raises(TryLater):
        await desk.work()
    from jobs.hearing import store_media

    await store_media(desk.job_context(), **task.arguments)
    assert len(await _attached(desk)) == 1


async def test_a_photo_the_platform_has_lost_is_asked_for_again(desk: Desk) -> None:
    desk.channels[WECOM] = LosingChannel(ChannelRejected("expired", code="40007"))
    await desk.says("LiLei", LV)
    await desk.photo("LiLei")
    await desk.work()
    assert "没能从平台取下来" in (await desk.shown_to("LiLei"))[-1]


# -- voice ----------------------------------------------------------------------------------------------------------
async def test_dingtalks_own_recognition_is_read_like_text(desk: Desk) -> None:
    heard = Media(ref="v", duration_ms=4000, recognition=LV)
    await desk.sends("dd_lilei", kind=Kind.VOICE, text=LV, media=(heard,), channel=DINGTALK)
    shown = await desk.last("dd_lilei")
    assert "请核对" in shown
    assert "附：录音" in shown
    await desk.work()
    assert [kind for kind, _ in await _attached(desk)] == ["voice"]


async def test_without_speech_to_text_the_rep_is_asked_for_a_line(desk: Desk) -> None:
    await desk.sends("LiLei", kind=Kind.VOICE, media=(NOTE,))
    assert "请打一行字" in await desk.last("LiLei")
    desk.minutes_later(20)
    assert "附：录音" in await desk.says("LiLei", LV)
    await desk.work()
    assert [kind for kind, _ in await _attached(desk)] == ["voice"]


async def test_a_spoken_question_leaves_no_note_for_the_next_visit(desk: Desk) -> None:
    heard = Media(ref="v", duration_ms=2000, recognition="绿源滨江还欠多少")
    await desk.sends("dd_lilei", kind=Kind.VOICE, text=heard.recognition, media=(heard,), channel=DINGTALK)
    assert "附：" not in await desk.says("dd_lilei", LV, channel=DINGTALK)


class Ear:
    """A speech provider that hears what it was told to."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.hot_words: Sequence[str] = ()

    async def transcribe(self, content: bytes, *, file_format: str = "", hot_words: Sequence[str] = ()) -> str:
        self.hot_words = hot_words
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class TestWithSpeech:
    """[speech] provider is set."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(speech=SpeechSettings(provider="baidu"))

    async def test_the_note_is_heard_and_read(self, desk: Desk) -> None:
        desk.speech = ear = Ear(LV)
        await desk.sends("LiLei", kind=Kind.VOICE, media=(NOTE,))
        assert await desk.last("LiLei") == ""
        desk.minutes_later(3)
        await desk.work()
        shown = await desk.last("LiLei")
        assert "请核对" in shown
        assert "附：录音" in shown
        assert ear.hot_words == ["绿源超市(滨江店)", "利康便利店(老街店)"]
        assert (await desk.visits())[0].heard is True
        assert await _attached(desk) == [("voice", b"content of voice-1")]

    async def test_a_note_nobody_understands_is_asked_for_in_words(self, desk: Desk) -> None:
        desk.speech = Ear(ConnectorRefused("silence", code="3301"))
        await desk.sends("LiLei", kind=Kind.VOICE, media=(NOTE,))
        await desk.work()
        assert "没听清" in (await desk.shown_to("LiLei"))[-1]
        assert "附：录音" in await desk.says("LiLei", LV)

    async def test_a_busy_provider_is_asked_again(self, desk: Desk) -> None:
        desk.speech = Ear(ConnectorUnavailable("busy"), LV)
        await desk.sends("LiLei", kind=Kind.VOICE, media=(NOTE,))
        (task,) = await desk.deferred("hear")
        with pytest.raises(TryLater):
            await desk.work()
        from jobs.hearing import hear

        await hear(desk.job_context(), **task.arguments)
        await desk.work()
        assert len(await desk.visits()) == 1

    async def test_an_answer_by_voice_is_an_answer(self, desk: Desk) -> None:
        desk.speech = Ear("3万5")
        await desk.says("LiLei", LV)
        await desk.taps("LiLei", "改金额")
        await desk.sends("LiLei", kind=Kind.VOICE, media=(NOTE,))
        await desk.work()
        assert (await desk.visits())[0].amount_fen == 35_000_00
        assert await _attached(desk) == [("voice", b"content of voice-1")]
