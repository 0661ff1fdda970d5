"""One outgoing row to its platform: limits, attempt recorded, call, outcome recorded.

Exactly once where the platform can recognise a repeat (WeCom's duplicate check, DingTalk's outTrackId); elsewhere an
attempt whose outcome is unknown is repeated once, because a lost answer is worse than a doubled one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from bot.channels.base import Channel, Limit
from bot.clock import Clock
from bot.errors import ChannelMisconfigured, ChannelRejected, ChannelUnavailable, NotFound, OutcomeUnknown, RateLimited
from bot.messages import CardUpdate, ChannelName, OutboundMessage, Receipt
from bot.metrics import DELIVERED, DELIVERY_SECONDS, LIMITER_WAITS
from store.claims import Claim
from store.deliveries import Deliveries, Due, Refused
from store.queue import GIVE_UP_AFTER, TryLater, back_off
from store.sharing import SharedLimiter

log = structlog.get_logger()

MISCONFIGURED_RETRY = timedelta(minutes=2)  # an operator is needed; trusted IPs take effect a minute after saving
THROTTLED = timedelta(seconds=5)  # flowControlledStaffIdList: these receivers later, protocols/dingtalk.md 5.1


class Deliverer:
    """What the `deliver` task calls; one per process."""

    def __init__(self, deliveries: Deliveries, channels: Mapping[ChannelName, Channel], limiter: SharedLimiter) -> None:
        self._deliveries = deliveries
        self._channels = channels
        self._limiter = limiter

    async def deliver(self, outbox_id: int) -> None:
        """Send the row if it still has to be sent.

        Raises:
            TryLater: not yet; the same job is started again then, and later rows of this recipient wait behind it.
        """
        if (due := await self._deliveries.peek(outbox_id)) is None:
            return
        if due.superseded:
            await self._deliveries.skipped(outbox_id, "a newer face follows")
            return
        channel = self._channels.get(due.channel)
        if channel is None:
            await self._deliveries.failed(outbox_id, f"{due.channel} is not enabled")
            return
        limits = channel.limits(due.message)
        await self._unless_refused(await self._deliveries.start(outbox_id, limits), limits, channel)

    async def deliver_claim(self, claim: Claim) -> bool:
        """`deliver` for a row that this process has just written. True if its job has ended with it.

        Raises:
            TryLater: as `deliver`.
        """
        if claim.message.attempt > 1 or isinstance(claim.message.content, CardUpdate):
            # tried before; or a newer face may have come, and its codes have to be read
            await self.deliver(claim.message.outbox_id)
            return False
        channel = self._channels[claim.channel]
        limits = channel.limits(claim.message)
        return await self._unless_refused(await self._deliveries.start_claim(claim, limits), limits, channel)

    async def _unless_refused(self, begun: Due | Refused | None, limits: Sequence[Limit], channel: Channel) -> bool:
        if isinstance(begun, Refused):
            LIMITER_WAITS.labels(channel.name.value).inc()
            raise TryLater(_in(await self._limiter.give_back(limits, begun.taken)), "rate limit")
        return begun is not None and await self._attempt(begun, channel)

    async def _attempt(self, due: Due, channel: Channel) -> bool:
        message, outbox_id = due.message, due.message.outbox_id
        try:
            receipt = await self._call(message, channel)
        except RateLimited as error:
            await self._later(due, str(error), timedelta(seconds=error.retry_after_seconds))
        except ChannelMisconfigured as error:
            log.error("deliver.misconfigured", outbox=outbox_id, channel=due.channel.value, code=error.code)
            await self._later(due, str(error), MISCONFIGURED_RETRY)
        except OutcomeUnknown as error:
            if not _repeatable(message, channel) and due.state_before == "sending":  # the second of its kind
                await self._bury(due, f"outcome unknown: {error}")
            else:
                await self._later(due, str(error), back_off(message.attempt), state="sending")
        except ChannelUnavailable as error:
            await self._later(due, str(error), back_off(message.attempt))
        except (ChannelRejected, NotFound) as error:
            await self._bury(due, str(error))
        else:
            return await self._sent(due, receipt)
        return False

    async def _call(self, message: OutboundMessage, channel: Channel) -> Receipt:
        if not isinstance(message.content, CardUpdate):
            return await channel.send(message)
        handle = await self._deliveries.handle_of(message.content)
        receipt = await channel.update_card(message, handle, message.content.card)
        codes = handle.response_codes
        if receipt.note == "updated" and receipt.platform_id in codes:
            codes = codes[: codes.index(receipt.platform_id) + 1]  # those tried before it were spent or too old
        if codes:
            await self._deliveries.use_codes(codes)
        return receipt

    async def _sent(self, due: Due, receipt: Receipt) -> bool:
        message = due.message
        reached = len(message.recipients) - len(receipt.invalid)
        if message.recipients and reached <= 0:
            await self._bury(due, f"no valid receiver: {', '.join(receipt.invalid)}")
            return False
        if receipt.throttled:
            await self._deliveries.again_for(message.outbox_id, receipt.throttled)
            await self._later(due, "some receivers were throttled", THROTTLED, state="queued for them")
            return False
        await self._deliveries.sent(message.outbox_id, receipt, message.card_id, due.job_id)
        DELIVERED.labels(due.channel.value, "sent").inc()
        age = (Clock.real_now() - due.created_at).total_seconds()
        DELIVERY_SECONDS.labels(due.channel.value).observe(max(age, 0.0))
        return due.job_id is not None

    async def _later(self, due: Due, why: str, wait: timedelta, *, state: str = "queued") -> None:
        if Clock.real_now() - due.created_at > GIVE_UP_AFTER:
            await self._bury(due, f"given up after {GIVE_UP_AFTER}: {why}")
            return
        DELIVERED.labels(due.channel.value, "later").inc()
        if state == "queued":
            await self._deliveries.queued_again(due.message.outbox_id, why)
        raise TryLater(Clock.real_now() + wait, why)

    async def _bury(self, due: Due, why: str) -> None:
        log.error("deliver.failed", outbox=due.message.outbox_id, channel=due.channel.value, why=why)
        DELIVERED.labels(due.channel.value, "failed").inc()
        await self._deliveries.failed(due.message.outbox_id, why)


def _in(seconds: float) -> datetime:
    return Clock.real_now() + timedelta(seconds=seconds)


def _repeatable(message: OutboundMessage, channel: Channel) -> bool:
    """Whether the platform itself recognises a repeat of this call."""
    return channel.name is ChannelName.WECOM or bool(message.card_id) or isinstance(message.content, CardUpdate)
