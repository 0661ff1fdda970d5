"""DingTalk's OA approvals: create, find, read, decide, hand over, revoke, comment (protocols/dingtalk.md 7).

No write is reported as safe to repeat. A second `execute` or `terminate` would only meet a status error (10.5), but
whoever lost the first answer has to know whose doing that status is: after OutcomeUnknown the instance is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels.dingtalk.answers import Answer
from bot.channels.dingtalk.api import Api
from bot.channels.dingtalk.oa_answers import instance_of, oa_error, says_no
from bot.domain.oa import APPROVAL_KEY_LABEL, OaInstance, OaStep
from bot.errors import ChannelConflict, ChannelMisconfigured, ChannelRejected, OutcomeUnknown, RateLimited

INSTANCES = "/v1.0/workflow/processInstances"
MAX_REMARK, MAX_REDIRECT_REMARK, MAX_VALUE = 1024, 256, 65535  # taken as bytes of UTF-8, the page does not say
MAX_STEPS, MAX_FIELDS = 20, 150
PAGE_SIZE, MAX_PAGES = 20, 500  # 10000 ids in one search
LONGEST_SEARCH = timedelta(days=119)  # 120 with room for clocks that differ
LONGEST_WAIT_SECONDS = 2.0  # for room under 20 calls a second; longer waits are the caller's


class Workflow:
    """Implements `bot.channels.base.ApprovalOffice` for one template."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def create(self, *, originator: str, steps: Sequence[OaStep], form: Mapping[str, str]) -> str:
        """With `approvers`, which replace the template's own flow and make a department unnecessary (7.2).

        Empty values are left out. Raises OutcomeUnknown wherever an instance may have been made: it has no idempotency
        key.
        """
        values = [{"name": label, "value": _cut(value, MAX_VALUE)} for label, value in form.items() if value]
        if not 0 < len(steps) <= MAX_STEPS or len(values) > MAX_FIELDS:
            raise ChannelRejected(f"钉钉审批最多 {MAX_STEPS} 步、{MAX_FIELDS} 个控件", code="oa.size")
        settings = self._api.settings
        body: dict[str, Any] = {"originatorUserId": originator, "processCode": settings.approval_process_code}
        if settings.agent_id:
            body["microappAgentId"] = settings.agent_id
        body["approvers"] = [{"actionType": step.action_type.value, "userIds": list(step.user_ids)} for step in steps]
        body["formComponentValues"] = values
        answer = await self._write("oa_create", INSTANCES, body)
        instance_id = answer.data.get("instanceId")
        if not isinstance(instance_id, str) or not instance_id:
            raise OutcomeUnknown("钉钉创建审批的应答里没有 instanceId")
        return instance_id

    async def find(self, key: str, *, originator: str, since: datetime) -> str | None:
        """One call a page of 20 and one an instance, so ask with a `since` close to the lost call.

        The platform compares `since` with its own clock: the caller allows for the difference. It searches 120 days
        back at most.
        """
        async for instance_id in self._begun_by(originator, since):
            try:
                instance = await self.read(instance_id)
            except ChannelMisconfigured:
                raise
            except ChannelRejected:  # deleted between the two calls: not one that we could go on with
                continue
            if instance.form.get(APPROVAL_KEY_LABEL) == key:
                return instance_id
        return None

    async def _begun_by(self, originator: str, since: datetime) -> AsyncIterator[str]:
        start, token = max(since, self._api.now() - LONGEST_SEARCH), 0
        for _ in range(MAX_PAGES):
            body = {
                "processCode": self._api.settings.approval_process_code,
                "startTime": _milliseconds(start),
                "nextToken": token,
                "maxResults": PAGE_SIZE,
                "userIds": [originator],
            }
            answer = await self._call(
                "POST", "/v1.0/workflow/processes/instanceIds/query", api="oa_find", reads=True, json=body
            )
            result = answer.data.get("result")
            page = result if isinstance(result, dict) else {}
            listed = page.get("list")
            for instance_id in listed if isinstance(listed, list) else ():
                yield str(instance_id)
            following = str(page.get("nextToken") or "")  # a string that goes back as a number; empty at the end
            if not following.isdigit() or int(following) <= token:
                return
            token = int(following)

    async def read(self, instance_id: str) -> OaInstance:
        """As it stands now."""
        params = {"processInstanceId": instance_id}
        answer = await self._call("GET", INSTANCES, api="oa_read", reads=True, params=params)
        return instance_of(instance_id, answer.data)

    async def execute(self, instance_id: str, *, task_id: int, user_id: str, agree: bool, remark: str) -> None:
        """The platform does not check that this person tapped anything: whoever calls has to."""
        body = {
            "processInstanceId": instance_id,
            "actionerUserId": user_id,
            "taskId": task_id,
            "result": "agree" if agree else "refuse",
            **_remark(remark, MAX_REMARK),
        }
        await self._change("oa_execute", f"{INSTANCES}/execute", body)

    async def redirect(self, *, task_id: int, from_user: str, to_user: str, remark: str) -> None:
        """Hand a running task over; ChannelConflict when `from_user` does not hold it."""
        body = {
            "taskId": task_id,
            "toUserId": to_user,
            "operateUserId": from_user,
            **_remark(remark, MAX_REDIRECT_REMARK),
        }
        await self._change("oa_redirect", "/v1.0/workflow/tasks/redirect", body)

    async def terminate(self, instance_id: str, *, user_id: str, remark: str) -> None:
        """As the system, so that it need not be the originator who revokes; the template has to allow revoking."""
        body = {
            "processInstanceId": instance_id,
            "isSystem": True,
            "operatingUserId": user_id,
            **_remark(remark, MAX_REMARK),
        }
        await self._change("oa_terminate", f"{INSTANCES}/terminate", body, revoking=True)

    async def comment(self, instance_id: str, *, user_id: str, text: str) -> None:
        """Add a remark to a running instance."""
        body = {"processInstanceId": instance_id, "text": _cut(text, MAX_REMARK), "commentUserId": user_id}
        await self._change("oa_comment", f"{INSTANCES}/comments", body)

    async def _change(self, api: str, path: str, body: Mapping[str, Any], *, revoking: bool = False) -> None:
        answer = await self._write(api, path, body, revoking=revoking)
        if says_no(answer.data):  # taken and not carried out, without a word: the state will tell
            raise ChannelConflict("钉钉审批没有执行，请看实例现在的状态", code="result.false")

    async def _write(self, api: str, path: str, body: Mapping[str, Any], *, revoking: bool = False) -> Answer:
        return await self._call("POST", path, api=api, reads=False, revoking=revoking, json=body)

    async def _call(
        self, method: str, path: str, *, api: str, reads: bool, revoking: bool = False, **request: Any
    ) -> Answer:
        while wait := await self._api.spare(api):
            if wait > LONGEST_WAIT_SECONDS:
                raise RateLimited("钉钉审批接口调用太快", retry_after_seconds=wait)
            await asyncio.sleep(wait)
        answer = await self._api.new(method, path, api=api, idempotent=reads, **request)
        if answer.problem is not None:
            raise oa_error(answer.problem, idempotent=reads, revoking=revoking, now=self._api.now())
        return answer


def _remark(remark: str, room: int) -> dict[str, str]:
    return {"remark": _cut(remark, room)} if remark else {}


def _cut(text: str, room: int) -> str:
    if len(text.encode()) <= room:
        return text
    return text.encode()[: room - 3].decode(errors="ignore") + "…"


def _milliseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)
