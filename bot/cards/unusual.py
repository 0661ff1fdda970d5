"""What is unusual about a contract, and compared with what, in words."""

from __future__ import annotations

from decimal import Decimal

from bot.domain.evidence import Finding, What


def unusual_words(finding: Finding) -> str:
    """One finding as a colleague would say it."""
    ours, theirs = finding.ours, finding.theirs
    match finding.what:
        case What.BELOW_FLOOR:
            before = f"；这家以往最低 {zhe(finding.best)}" if finding.best is not None else ""
            return f"折扣 {zhe(ours)}，低于底线 {zhe(theirs)}{before}"
        case What.BELOW_OWN:
            return f"折扣 {zhe(ours)}，比这家以往最低的 {zhe(theirs)}还低"
        case What.BELOW_PEERS:
            return f"折扣 {zhe(ours)}，{finding.words}同类合同近一年一般 {zhe(theirs)}（{finding.count} 份）"
        case What.OVERDUE:
            last = f"，最近一笔回款在 {finding.count} 天前" if finding.count >= 0 else "，没有找到回款"
            return f"逾期{finding.words} {wan(int(ours))}{last}"
        case What.OVER_PAST:
            return f"金额 {wan(int(ours))}，是以往最大一份（{wan(int(theirs))}）的 {_times(ours, theirs)} 倍"
        case What.OVER_YEAR:
            return f"折合每年 {wan(int(ours))}，是年采购额预估（{wan(int(theirs))}）的 {_times(ours, theirs)} 倍"
        case What.TICKETS:
            return f"{finding.count} 张工单没关，最近一张：{finding.words}"
        case What.LONG:
            return f"期限 {ours:f} 个月，一般不超过 {theirs:f} 个月"
        case What.FIRST:
            return "和这家以前没有签过合同"


def zhe(discount: Decimal) -> str:
    """0.92 -> `9.2 折`, 1 -> `不打折`."""
    return "不打折" if discount >= 1 else f"{(discount * 10).normalize():f} 折"


def wan(fen: int) -> str:
    """`85 万`, `3,200 元`, `1.25 亿`: figures to compare, rounded where they are long."""
    yuan = Decimal(fen) / 100
    if abs(yuan) >= 100_000_000:
        return f"{(yuan / 100_000_000).quantize(Decimal('0.01')).normalize():f} 亿"
    if abs(yuan) >= 10_000:
        return f"{(yuan / 10_000).quantize(Decimal('0.1')).normalize():f} 万"
    return f"{yuan.quantize(Decimal(1)):,} 元"


def _times(one: Decimal, other: Decimal) -> str:
    return f"{one / other:.1f}".removesuffix(".0")
