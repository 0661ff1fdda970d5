"""Which other supplier a report speaks of, by the words around it: 被乐沁占了, 要跟乐沁比, 换成橘朵朵家的."""

from __future__ import annotations

import re

_NAME = r"(?P<name>[一-鿿a-z]{2,6}?)"
_NOT_A_NAME = re.compile(
    r"[我你他她它们咱这那了的说要在不是别人家谁价格便宜下周明天一]|老板|店长|经理|货架|领导|合同|新品|设备|系统|"
    r"方案|提到|反馈|觉得|感觉|反映|公司|同行|对手|竞品|几家|产品"
)
_AROUND = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:被|让){_NAME}(?:占|抢|签|拿|挖)了",
        rf"(?:跟|和|与|比|同){_NAME}(?:比一比|比一?下|比较|比价|一个价|二选一|[高低贵]|便宜)",
        rf"{_NAME}(?:又去|刚来|来|也来|已经)?(?:铺货|铺过货|进场了?|报价|的业务)",
        rf"(?:换成?|换|改用|选了?|转到|投了?){_NAME}(?:家的|的|了|[,，。;；]|$)",
        rf"(?:现在|目前|一直|还|在)(?:用|卖|做)(?:的是|着)?{_NAME}(?:的|[,，。;；]|$)",
        rf"(?:在看|看下|看一下|对比|找){_NAME}(?:的|[,，。;；』」]|$)",
        rf"{_NAME}(?:用得|卖得|那边也|家便宜|也在谈)",
    )
)


def find_competitor(masked: str) -> str | None:
    """The first name that stands where a competitor's stands; None when in doubt."""
    for pattern in _AROUND:
        for match in pattern.finditer(masked):
            name = match["name"]
            if not _NOT_A_NAME.search(name):
                return name
    return None
