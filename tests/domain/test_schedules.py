"""When a job should run, in people's words: read, read back, refused where some of it would be guessed."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.schedules import unclear
from bot.clock import SHANGHAI
from bot.cron import next_fire
from bot.domain.commands import command_word
from bot.domain.schedule_words import Unclear, read_schedule
from bot.domain.schedules import ALWAYS_ON, DAY_NAMES, JOB_NAMES, Override, Switch, Timing, named_job, schedule_sentence

WORKDAY_MORNINGS = Timing("30 8 * * *", workdays_only=True)


@pytest.mark.parametrize(
    ("words", "cron", "workdays_only"),
    [
        pytest.param("每天8:30", "30 8 * * *", False, id="the issue's example"),
        pytest.param("每天８：３０", "30 8 * * *", False, id="full width"),
        pytest.param("每天 9 : 05", "5 9 * * *", False, id="blanks in the time"),
        pytest.param("每个工作日 8:30", "30 8 * * *", True, id="workdays"),
        pytest.param("工作日早上八点半", "30 8 * * *", True, id="half past, in characters"),
        pytest.param("每早8点", "0 8 * * *", False, id="每早"),
        pytest.param("每晚八点一刻", "15 20 * * *", False, id="a quarter past, in the evening"),
        pytest.param("每天八点零五", "5 8 * * *", False, id="零五"),
        pytest.param("每天八点二十五分", "25 8 * * *", False, id="minutes in characters"),
        pytest.param("每天下午两点", "0 14 * * *", False, id="两点"),
        pytest.param("每天中午12点", "0 12 * * *", False, id="noon"),
        pytest.param("每天中午1点", "0 13 * * *", False, id="one o'clock is still noon"),
        pytest.param("每天凌晨12点", "0 0 * * *", False, id="the beginning of the day"),
        pytest.param("每天零点", "0 0 * * *", False, id="零点"),
        pytest.param("每周一9点", "0 9 * * mon", False, id="one weekday"),
        pytest.param("每周一三五 9:00", "0 9 * * mon,wed,fri", False, id="three in a row"),
        pytest.param("每周1、3、5 9:00", "0 9 * * mon,wed,fri", False, id="weekdays as digits"),
        pytest.param("周一、周四上午10点", "0 10 * * mon,thu", False, id="each with its 周"),
        pytest.param("每周一到周五 9:00", "0 9 * * mon,tue,wed,thu,fri", False, id="a span of weekdays"),
        pytest.param("每周三十点", "0 10 * * wed", False, id="Wednesday at ten, not at thirty"),
        pytest.param("每星期天9点", "0 9 * * sun", False, id="星期天"),
        pytest.param("每周末 10点", "0 10 * * sat,sun", False, id="weekends"),
        pytest.param("每月1号 10:00", "0 10 1 * *", False, id="a day of the month"),
        pytest.param("每月1号和15号 10:00", "0 10 1,15 * *", False, id="two of them"),
        pytest.param("每月十号十点", "0 10 10 * *", False, id="ten and ten"),
        pytest.param("每月最后一天 10:00", "0 10 last * *", False, id="the last day"),
        pytest.param("每月底下午五点", "0 17 last * *", False, id="月底"),
        pytest.param("每天9点、下午3点", "0 9,15 * * *", False, id="twice a day"),
        pytest.param("每天下午2点和4点", "0 14,16 * * *", False, id="下午 holds for both"),
        pytest.param("每小时", "0 * * * *", False, id="every hour"),
        pytest.param("每2小时", "0 */2 * * *", False, id="every second hour"),
        pytest.param("每30分钟", "*/30 * * * *", False, id="every half hour"),
        pytest.param("每半小时", "*/30 * * * *", False, id="半小时"),
        pytest.param("工作日每刻钟", "*/15 * * * *", True, id="quarters, workdays"),
        pytest.param("每天8:30，节假日不发", "30 8 * * *", True, id="not on days off"),
        pytest.param("每天8:30，周末也发", "30 8 * * *", False, id="weekends are no weekend rule"),
        pytest.param("把 改到每个工作日早上8:45", "45 8 * * *", True, id="the words around it do not matter"),
    ],
)
def test_times_as_people_type_them(words: str, cron: str, workdays_only: bool) -> None:
    assert read_schedule(words) == Timing(cron, workdays_only)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        pytest.param("", Unclear.NOTHING, id="nothing"),
        pytest.param("早点", Unclear.NOTHING, id="earlier"),
        pytest.param("每天", Unclear.NO_TIME, id="no time"),
        pytest.param("9:00", Unclear.NO_DAYS, id="no days, and none to keep"),
        pytest.param("每天25:00", Unclear.NO_SUCH_TIME, id="25:00"),
        pytest.param("每天8:75", Unclear.NO_SUCH_TIME, id="8:75"),
        pytest.param("每天晚上12点", Unclear.MIDNIGHT, id="midnight of which day"),
        pytest.param("每月31号 9:00", Unclear.NOT_EVERY_MONTH, id="February has no 31st"),
        pytest.param("每月40号 9:00", Unclear.NO_SUCH_DAY, id="the 40th"),
        pytest.param("每7分钟", Unclear.UNEVEN, id="does not divide the hour"),
        pytest.param("每5小时", Unclear.UNEVEN, id="does not divide the day"),
        pytest.param("每分钟", Unclear.TOO_OFTEN, id="every minute"),
        pytest.param("隔天9点", Unclear.TOO_RARE, id="every other day"),
        pytest.param("每两周周一9点", Unclear.TOO_RARE, id="fortnightly"),
        pytest.param("每月最后一个工作日 9:00", Unclear.TOO_RARE, id="the last workday"),
        pytest.param("每天8:30和17:00", Unclear.DIFFERENT_MINUTES, id="one line holds one minute"),
        pytest.param("明天9点", Unclear.ONCE, id="once"),
        pytest.param("下周一9点", Unclear.ONCE, id="next Monday is not every Monday"),
        pytest.param("从下周起每天9点", Unclear.ONCE, id="from a day on"),
        pytest.param("今天别发了", Unclear.ONCE, id="off for a day"),
        pytest.param("工作日9点到18点每小时", Unclear.TOO_MUCH, id="hours of an interval"),
        pytest.param("每天8点到9点", Unclear.TOO_MUCH, id="a span of time"),
        pytest.param("每月1号到5号 9:00", Unclear.TOO_MUCH, id="a span of days"),
        pytest.param("每周一和每月1号 9:00", Unclear.TOO_MUCH, id="two rules"),
    ],
)
def test_what_would_be_guessed_is_refused_with_what_to_type(words: str, why: Unclear) -> None:
    assert read_schedule(words) is why
    assert "例如" in unclear(why) or "请" in unclear(why)


def test_every_refusal_has_its_sentence() -> None:
    assert all(unclear(why) for why in Unclear)


@pytest.mark.parametrize(
    ("words", "switch"),
    [
        *((word, Switch.OFF) for word in ("停用", "关闭", "停", "关掉吧", "不要再发了", "取消每天8:30的")),
        *((word, Switch.ON) for word in ("启用", "打开", "恢复")),
        *((word, Switch.DEFAULT) for word in ("恢复默认", "改回默认时间", "默认")),
    ],
)
def test_switches(words: str, switch: Switch) -> None:
    assert read_schedule(words, WORKDAY_MORNINGS) is switch


@pytest.mark.parametrize(
    ("present", "then"),
    [
        pytest.param(WORKDAY_MORNINGS, Timing("0 9 * * *", workdays_only=True), id="workdays"),
        pytest.param(Timing("0 8 * * mon,fri"), Timing("0 9 * * mon,fri"), id="weekdays"),
        pytest.param(Timing("0 8 last * *"), Timing("0 9 last * *"), id="the last of the month"),
        pytest.param(Timing("*/5 * * * *"), Unclear.NO_DAYS, id="an interval has no days to keep"),
    ],
)
def test_a_bare_time_keeps_the_days(present: Timing, then: Timing | Unclear) -> None:
    assert read_schedule("改成九点", present) == then


_HOURS = st.sets(st.integers(0, 23), min_size=1, max_size=3)
_MONTH_DAYS = st.sets(st.integers(1, 28), min_size=1, max_size=4)
_WEEK_DAYS = st.sets(st.integers(0, 6), min_size=1, max_size=6)
_DAYS = st.one_of(
    st.just("* * *"),
    st.just("last * *"),
    _MONTH_DAYS.map(lambda days: f"{','.join(map(str, sorted(days)))} * *"),
    _WEEK_DAYS.map(lambda days: f"* * {','.join(DAY_NAMES[day] for day in sorted(days))}"),
)
_AT_HOURS = st.builds(
    lambda minute, hours, days: f"{minute} {','.join(map(str, sorted(hours)))} {days}",
    st.integers(0, 59),
    _HOURS,
    _DAYS,
)
_EVERY = st.one_of(
    st.sampled_from((5, 6, 10, 12, 15, 20, 30)).map(lambda minutes: f"*/{minutes} * * * *"),
    st.builds(
        lambda minute, hours: f"{minute} {'*' if hours == 1 else f'*/{hours}'} * * *",
        st.integers(0, 59),
        st.sampled_from((1, 2, 3, 4, 6, 8, 12)),
    ),
)
TIMINGS = st.builds(Timing, st.one_of(_AT_HOURS, _EVERY), st.booleans())


@given(TIMINGS)
def test_the_sentence_reads_back_to_the_same_timing(timing: Timing) -> None:
    assert read_schedule(schedule_sentence(timing)) == timing


@given(TIMINGS)
def test_whatever_can_be_said_can_also_fire(timing: Timing) -> None:
    assert next_fire(timing.cron, datetime(2026, 2, 12, 8, 0, tzinfo=SHANGHAI)) is not None


@given(st.text(alphabet="每天周月一二三十点半号工作日上下午:： 0123456789和、到", max_size=14))
def test_any_words_are_read_or_refused(words: str) -> None:
    read = read_schedule(words)
    if isinstance(read, Timing):
        assert read_schedule(schedule_sentence(read)) == read


def test_a_line_nobody_could_say_is_shown_as_it_is() -> None:
    assert schedule_sentence(Timing("0 9-17 * * mon-fri")) == "cron「0 9-17 * * mon-fri」"


# -- which job ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "job", "rest"),
    [
        ("日报 每天8:30", "daily_digest", "每天8:30"),
        ("经理日报停用", "daily_digest", "停用"),
        ("跟进提醒 9:30", "followup_reminder", "9:30"),
        ("线索超时提醒 每30分钟", "lead_sla", "每30分钟"),
        ("erp同步 每小时", "erp_sync", "每小时"),
        ("daily_digest 停用", "daily_digest", "停用"),
    ],
)
def test_the_job_is_named_by_what_people_call_it(words: str, job: str, rest: str) -> None:
    assert named_job(words) == (job, rest)


def test_no_two_jobs_share_a_name() -> None:
    names = [name for names in (JOB_NAMES | ALWAYS_ON).values() for name in names]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("把日报改到每天8:30", "日程"),
        ("日报改成九点", "日程"),
        ("日报每天8:30", "日程"),
        ("停掉跟进提醒", "日程"),
        ("日程 日报 停用", "日程"),
        ("日程", "日程"),
        ("日报的时间改一下，改到9点", "日程"),
        ("线索分配改给李雷", ""),
        ("日报", "日报"),
        ("看看早报", "日报"),
        ("日报怎么写", ""),
        ("去了绿源滨江，日报改到明天交", ""),
        ("日程排满了，绿源滨江下周再去", ""),
    ],
)
def test_wishes_about_the_schedule_are_told_from_talk(said: str, word: str) -> None:
    assert command_word(said) == word


def test_an_override_stands_over_the_jobs_own_where_it_says_something() -> None:
    at = datetime(2026, 2, 12, 8, 0, tzinfo=SHANGHAI)
    own = WORKDAY_MORNINGS
    assert Override(job="daily_digest", changed_at=at).timing(own) == own
    assert Override(job="daily_digest", cron="0 9 * * *", changed_at=at).timing(own) == Timing("0 9 * * *", True)
    assert Override(job="daily_digest", workdays_only=False, changed_at=at).timing(own) == Timing("30 8 * * *", False)
