"""帮助 and the welcome, made from what is registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

GROUPS = (
    ("拜访", ("拜访", "撤销", "待办")),
    ("客户", ("客户", "历史")),
    ("合同与审批", ("合同", "同意", "拒绝", "转交", "加签", "问", "撤回", "催办", "答", "流程", "请假")),
    ("线索", ("线索", "新线索", "接受", "退回", "打电话了", "成交", "关闭", "公海", "领取", "指派", "权重", "为什么")),
    ("账款与预警", ("对账", "返利", "预警", "处理", "阈值", "规则")),
    ("其他", ("日报", "日程", "节假日", "知识", "绑定", "帮助")),
)
#: words that share one line, under the first of them: the whole has to fit one screen and one WeCom message
TOGETHER: Mapping[str, tuple[tuple[str, ...], str]] = {
    "同意": (("同意", "拒绝", "转交", "加签", "问"), "同意 / 拒绝 / 转交 / 加签 / 问 编号 …：审批合同，卡片上也能点"),
    "流程": (("流程", "请假"), "流程：合同由谁批 / 请假 日期 [代理 某人]：不在时谁代批"),
    "接受": (
        ("接受", "退回", "打电话了", "成交", "关闭"),
        "接受 / 退回 / 打电话了 / 成交 / 关闭 编号 …：回应线索，转给同事用 转交",
    ),
    "线索": (
        ("线索", "新线索", "公海", "领取", "指派"),
        "线索 / 新线索 公司 联系人 手机号 … / 公海 / 领取 编号 / 指派 编号 某人：看、登记、领、派",
    ),
    "权重": (("权重", "为什么"), "权重：线索按什么派 / 为什么 编号：这条为什么给这个人"),
    "日程": (("日程", "节假日"), "日程 / 节假日：几点发提醒、哪天放假，总监和管理员可以改"),
    "撤回": (("撤回", "催办", "答"), "撤回 / 催办 / 答 编号 …：管你自己发起的合同"),
}
SAMPLES = "例（可直接复制）：\n刚去了绿源滨江，王姐要20件水，大概3000块，下周三送样\n绿源滨江还欠多少"


def help_text(commands: Sequence[tuple[str, str]]) -> str:
    """One screen: every command by group, its line taken from its own description.

    Args:
        commands: (word, description) in order of registration.
    """
    lines_of = dict(commands)
    grouped = {word for _, group in GROUPS for word in group}
    parts = ["直接说话就行：讲拜访、问客户、发照片、定位、语音都可以。"]
    for title, group in (*GROUPS[:-1], (GROUPS[-1][0], (*GROUPS[-1][1], *(w for w in lines_of if w not in grouped)))):
        joined = {word for first, (words, _) in TOGETHER.items() for word in words if word != first}
        lines = [f"· {_line_of(word, lines_of)}" for word in group if word in lines_of and word not in joined]
        if lines:
            parts.append("\n".join([f"【{title}】", *lines]))
    return "\n".join([*parts, SAMPLES])


def _line_of(word: str, lines_of: Mapping[str, str]) -> str:
    return TOGETHER[word][1] if word in TOGETHER else _one_line(lines_of[word])


def _one_line(description: str) -> str:
    """Without the example: that stands at the end, once."""
    return " ".join(description.split()).partition("例：")[0].rstrip("。；， ")


def command_help(description: str) -> str:
    """帮助 拜访: the whole description of one command, its example on a line of its own."""
    return " ".join(description.split()).replace("例：", "\n例：")


def no_such_command(word: str) -> str:
    return f"没有「{word}」这个命令，输入「帮助」看全部。"


def welcome(name: str) -> str:
    return f"{name}，你好。说一句拜访情况我就记下来，发客户名字就能看他家的账、货和合同。输入「帮助」看全部用法。"
