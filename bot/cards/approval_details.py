"""详情: everything about an approval as one message."""

from __future__ import annotations

from datetime import date

from bot.cards.approvals import Sheet, debt_words, payment_words, progress_lines, said_words, term_lines
from bot.cards.common import moment, plain
from bot.cards.unusual import unusual_words
from bot.domain.approval_talk import Said
from bot.messages import Markdown


def details(sheet: Sheet, *, today: date) -> Markdown:
    """详情: terms, evidence, thread and steps, as one message; a paragraph each, so that no app runs them together."""
    approval, terms = sheet.approval, sheet.approval.terms
    lines = [f"**合同审批 {approval.approval_no}** {approval.state}"]
    sections = [lines]
    lines += [f"{label}：{words}" for label, words in term_lines(sheet)]
    if terms.note:
        lines.append(f"备注：{plain(terms.note)}")
    lines.append(f"发起：{sheet.submitter} {moment(approval.submitted_at or approval.created_at)}")
    if (evidence := sheet.evidence) is not None:
        found = [f"⚠ {plain(unusual_words(item))}" for item in evidence.unusual] or ["没有发现异常"]
        paid = [f"欠款：{debt_words(evidence)}", f"最近回款：{payment_words(evidence)}"]
        sections += [["**付款记录**", *paid], ["**异常**", *found]]
    if sheet.talk:
        sections.append(["**问答**", *(_talk_line(sheet, item) for item in sheet.talk)])
    sections.append(["**进度**", *progress_lines(sheet)])
    if sheet.files:
        sections.append([f"附件 {sheet.files} 个，随后发来。"])
    return Markdown(text="\n\n".join("\n".join(part) for part in sections), title=f"合同审批 {approval.approval_no}")


def _talk_line(sheet: Sheet, item: Said) -> str:
    mark = "问" if item.about_id is None else "答"
    return f"{sheet.name_of(item.employee_no)} {moment(item.said_at)} {mark}：{plain(said_words(item))}"
