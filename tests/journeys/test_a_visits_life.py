"""What becomes of a visit: photos and voice notes join it, it is corrected, taken back, and its promise comes due."""

from __future__ import annotations

import re

from tests.support.office import Office

REP = "yulijuan"  # 于丽娟, who looks after 绿源滨江
REP_ON_DINGTALK = "0190063824"
SAID = "绿源超市滨江店曹姐定了两万五，明天送货我跟车"
JPEG = b"\xff\xd8\xff\xe0" + bytes(200)
RECORDED = "SELECT state, amount_fen, next_follow_up::text FROM visits WHERE state <> '已载入' ORDER BY visit_no"
HANGING = """
SELECT a.kind, a.size > 5 FROM visit_attachments AS v JOIN attachments AS a USING (attachment_id) ORDER BY a.kind
"""


async def _last(office: Office, user: str = REP) -> str:
    await office.settle()
    return office.wecom.shown_to(user)[-1]


async def test_photo_place_and_voice_note_join_the_visit_on_either_platform(office: Office) -> None:
    await office.wecom.sends_image(REP, JPEG)
    assert "先留着" in await _last(office)
    await office.wecom.says(REP, SAID)
    assert "照片" in await _last(office)
    await office.wecom.sends_location(REP, 30.18, 120.08, "水杉路22号")
    assert "定位已附到 绿源超市(滨江店) 2月12日的拜访" in await _last(office)
    await office.dingtalk.sends_picture(REP_ON_DINGTALK, JPEG)
    await office.settle()
    assert "照片已附到" in office.dingtalk.shown_to(REP_ON_DINGTALK)[-1]
    assert await office.rows(HANGING) == [("image", True), ("image", True)]


async def test_a_voice_note_without_words_is_kept_for_the_line_that_follows(office: Office) -> None:
    await office.wecom.sends_voice(REP, None, 4)
    assert "请打一行字" in await _last(office)
    await office.wecom.says(REP, SAID)
    await office.settle()
    assert await office.rows(HANGING) == [("voice", True)]


async def test_dingtalks_recognition_becomes_the_visit_with_its_note(office: Office) -> None:
    await office.dingtalk.sends_voice(REP_ON_DINGTALK, SAID, 5)
    await office.settle()
    assert "请核对" in "\n".join(office.dingtalk.shown_to(REP_ON_DINGTALK))
    assert await office.rows(HANGING) == [("voice", True)]
    await office.dingtalk.taps(REP_ON_DINGTALK, "确认")
    await office.settle()
    assert await office.rows(RECORDED) == [("已确认", 2_500_000, "2026-02-13")]


async def test_a_field_is_corrected_with_one_tap_and_one_answer(office: Office) -> None:
    await office.wecom.says(REP, SAID)
    await office.settle()
    await office.wecom.taps(REP, "改金额")
    assert "新的金额是多少" in await _last(office)
    await office.wecom.says(REP, "两万八")
    await office.settle()
    assert await office.rows(RECORDED) == [("待确认", 2_800_000, "2026-02-13")]
    assert any("28,000" in shown for shown in office.wecom.shown_to(REP))
    await office.wecom.taps(REP, "确认")
    await office.settle()
    assert any("于丽娟 2月12日" in shown and "确认" in shown for shown in office.wecom.shown_to(REP))


async def test_repeated_callbacks_and_double_taps_change_nothing(office: Office) -> None:
    await office.wecom.says(REP, SAID, repeat=3)
    await office.settle()
    await office.wecom.taps(REP, "确认", repeat=3)
    await office.settle()
    assert await office.rows(RECORDED) == [("已确认", 2_500_000, "2026-02-13")]
    assert await office.rows("SELECT count(*) FROM audit WHERE what = 'visit.confirmed'") == [(1,)]


async def test_taken_back_in_a_sentence(office: Office) -> None:
    await office.wecom.says(REP, SAID)
    await office.settle()
    await office.wecom.says(REP, "刚才那条删掉，不算")
    assert "已撤销：绿源超市(滨江店)" in await _last(office)
    assert await office.rows(RECORDED) == [("已撤销", 2_500_000, "2026-02-13")]


async def test_the_promise_comes_back_on_its_morning_and_is_told_about(office: Office) -> None:
    await office.wecom.says(REP, SAID)
    await office.settle()
    await office.at("2026-02-13 09:00")
    await office.run("followup_reminder")
    await office.run("followup_reminder")
    reminders = [shown for shown in office.wecom.shown_to(REP) if "今天要跟进" in shown]
    assert len(reminders) == 1
    assert "绿源超市(滨江店)" in reminders[0]


async def test_a_stranger_becomes_known_with_a_code_from_the_other_platform(office: Office) -> None:
    """应蓉 has WeCom only; on DingTalk nobody knows her."""
    await office.dingtalk.says("visitor01", "绑定 YG008")
    await office.settle()
    code = re.search(r"\d{6}", office.wecom.shown_to("yingrong")[-1])
    assert code
    await office.dingtalk.says("visitor01", code[0])
    await office.settle()
    assert "绑定好了，应蓉" in office.dingtalk.shown_to("visitor01")[-1]
