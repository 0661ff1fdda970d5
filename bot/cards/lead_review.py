"""The day's leads in a manager's words: what went where, was it fair, how quickly, what would have been better, and
whom to talk to. Numbers come with what they mean."""

from __future__ import annotations

import math
from datetime import date

from bot.cards.common import cut, day, plain, short_day
from bot.domain.leads.review import (
    GINI_WORTH_A_LOOK,
    REGRET_WORTH_A_LOOK,
    RepDay,
    Review,
    Worry,
    whom_to_talk_to,
)
from bot.domain.leads.values import Reason
from bot.messages import Markdown

MAX_PEOPLE = 5  # of each part; what is left is counted
FEW_ANSWERS = 3  # fewer have no middle worth telling
SMALL_REGRET = 1.0  # percent; below that hindsight is not worth a word more
_COMPANY = 14  # characters of a company's name
WAITS_FOR = {
    Reason.NONE: "刚到，还没派",
    Reason.LEFT: "没有在职的人可派",
    Reason.OTHER_REGION: "这个大区没有人接线索",
    Reason.TRIED: "能派的人都退过或没接",
    Reason.ON_LEAVE: "能派的人在休假",
    Reason.OFF_DUTY: "不在接线索的时间",
    Reason.FULL: "能派的人手上都满了",
}


def review_title(review: Review) -> str:
    """Of message and picture."""
    return f"线索日报 {day(review.day)} · {review.region or '全公司'}"


def picture_name(review: Review) -> str:
    return f"线索日报-{review.day:%m%d}-{review.region or '全公司'}.png"


def review_message(review: Review) -> Markdown:
    """What a manager wants to know first stands first; the picture has everybody."""
    title = review_title(review)
    parts = [
        [f"**{title}**", *_went(review)],
        ["**派得公平吗**", *_fair(review)],
        ["**回得快吗**", *_answered(review)],
        ["**事后看**", *_hindsight(review)],
        _whom(review),
        ["再看一次：回复「线索日报」"],
    ]
    return Markdown(title=title, text="\n\n".join("\n".join(part) for part in parts if part))


def _went(review: Review) -> list[str]:
    """Leads come, turns are given: one that lapsed goes out twice."""
    high = f"，其中高意向 {review.high_given} 次" if review.high_given else ""
    lines = [f"来了 {review.arrived} 条，派出 {review.given} 次{high}。"]
    if review.given:
        got = sorted((rep for rep in review.reps if rep.given), key=lambda rep: (-rep.given, rep.employee_no))
        names = "、".join(f"{plain(rep.name)} {rep.given}" for rep in got[:MAX_PEOPLE])
        more = f"，另外 {len(got) - MAX_PEOPLE} 人共 {sum(rep.given for rep in got[MAX_PEOPLE:])}"
        lines.append(f"派给：{names}{more if len(got) > MAX_PEOPLE else ''}。")
    if waits := sum(review.waiting.values()):
        why = "；".join(f"{WAITS_FOR[reason]} {count} 条" for reason, count in review.waiting.items())
        lines.append(f"还有 {waits} 条没派出去：{why}。")
    if review.pool:
        lines.append(f"公海里有 {review.pool} 条可以领。")
    return lines


def _fair(review: Review) -> list[str]:
    held, people = sum(rep.open for rep in review.reps), sum(rep.capacity > 0 for rep in review.reps)
    lines = []
    if review.load_comparable:
        even = review.load_gini_per_capacity
        raw = f"；不看上限是 {review.load_gini:.2f}" if f"{review.load_gini:.2f}" != f"{even:.2f}" else ""
        lines.append(f"手上的线索占各人上限：公平度 Gini {even:.2f}，{_judged(even)}{raw}。")
    if review.high_comparable:
        high = review.high_gini_per_capacity
        lines.append(f"近 30 天拿到的高意向：Gini {high:.2f}，{_judged(high)}。")
    if not lines:
        return [f"{people} 个人手上一共 {held} 条，不够每人一条，还谈不上公平不公平。"]
    return [*lines, f"0 是完全平均，超过 {GINI_WORTH_A_LOOK} 要看看。"]


def _judged(gini: float) -> str:
    if gini > GINI_WORTH_A_LOOK:
        return "要看看，有人太多有人太少"
    return "比较平均" if gini > GINI_WORTH_A_LOOK / 2 else "很平均"


def _answered(review: Review) -> list[str]:
    answers = review.responses
    if not answers.expected:
        return ["这一天没有要等回应的线索。"]
    if answers.median_minutes is None or answers.p90_minutes is None:
        return [f"{answers.expected} 条都超时了，没有人回。"]
    late = answers.expected - answers.in_time
    in_time = f"按时 {answers.in_time}/{answers.expected} 条" + (f"，{late} 条没按时。" if late else "，都按时。")
    return [in_time, f"{_of_the_answered(review)}（只算工作时间）。"]


def _of_the_answered(review: Review) -> str:
    """How quick those were that were answered at all; of a handful there is no nine in ten."""
    answers = review.responses
    half, most = max(1, math.ceil(answers.median_minutes or 0)), max(1, answers.p90_minutes or 0)
    who = "首次响应" if answers.answered == answers.expected else f"回了的 {answers.answered} 条里，"
    if answers.answered < FEW_ANSWERS:
        return f"{who.rstrip('里，')}最慢 {most} 分钟"
    return f"{who}一半在 {half} 分钟内，九成在 {most} 分钟内"


def _hindsight(review: Review) -> list[str]:
    looked_back = review.hindsight
    if not looked_back.leads:
        return ["这一天没有按评分派的线索，没什么可比。"]
    regret = looked_back.regret
    if regret < SMALL_REGRET:
        better = f"最多也只能再好 {regret:.1f}%，不用管" if f"{regret:.1f}" != "0.0" else "也派不出更好的"
        return [f"就算早知道当天所有线索，{better}。"]
    matters = "值得看看权重和各人上限" if regret > REGRET_WORTH_A_LOOK else "差得不多，不用调"
    lines = [f"要是早知道当天所有线索，派法还能再好 {regret:.1f}%：{matters}。"]
    if looked_back.losses:
        lines.append("差得最多的：")
    return lines + [
        f"· {loss.lead_no} {cut(plain(loss.company), _COMPANY)}：给了{plain(review.name(loss.employee_no))}"
        f"（合适度 {100 * loss.fit:.0f}），{plain(review.name(loss.better_no))}更合适（{100 * loss.better_fit:.0f}）"
        for loss in looked_back.losses
    ]


def _whom(review: Review) -> list[str]:
    found = whom_to_talk_to(review)
    if not found:
        return []
    lines = [f"· {plain(rep.name)}：{_worry(rep, worry)}" for rep, worry in found[:MAX_PEOPLE]]
    rest = [f"另外还有 {len(found) - MAX_PEOPLE} 人，看图里的红字"] if len(found) > MAX_PEOPLE else []
    return ["**找谁聊**", *lines, *rest]


def _worry(rep: RepDay, worry: Worry) -> str:
    match worry:
        case Worry.LAPSED:
            return f"{rep.lapsed} 条超时没回，已改派"
        case Worry.DECLINED:
            return f"退回 {rep.declined} 条，问问原因"
        case Worry.SLOW:
            return f"首次响应一般要 {math.ceil(rep.median_minutes or 0)} 分钟"
        case Worry.FULL:
            return f"手上 {rep.open}/{rep.capacity}，满了，接不了新的"


# -- asked for --------------------------------------------------------------------------------------------------------
def no_leads(on: date) -> str:
    """线索日报 about a day on which nothing came."""
    return f"{short_day(on)}没有新线索，也没有派出去的。"


def no_review_yet() -> str:
    return "还没有线索日报。每天夜里算前一天的，早上发给你；也可以发「日程」看几点。"


def not_yours() -> str:
    return "线索日报只给区域经理和总监看。看自己的线索请发「线索」。"
