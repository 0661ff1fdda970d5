"""The firm with its people in the roster as well, so that leads go out to them."""

from __future__ import annotations

from bot.domain.leads.records import LeadRecord
from jobs.lead_dispatch import give_out
from store.lead_roster import Rosters
from tests.support.desk import Desk
from tests.support.firm import open_firm
from tests.support.lead_office import hire
from tests.support.leads import enquiry, put_leads

NUMBER = "XS260212001"


async def open_lead_firm(desk: Desk) -> Desk:
    """李雷 (WeCom) and 赵敏 (DingTalk) take the leads of 杭州大区; 陈磊 is their manager."""
    open_firm(desk)
    await hire(desk.unit_of_work, list(desk.directory.employees()))
    return desk


async def arrives(firm: Desk, *records: LeadRecord, owner_no: str = "YG010", same_no: str = "") -> None:
    """Leads come in, 李雷's where nobody else is named, and go out."""
    async with firm.unit_of_work() as uow:
        found = records or (enquiry(NUMBER, at=firm.clock.now()),)
        await put_leads(uow, found, owner_no=owner_no, entered_by="YG011", same_no=same_no)
    await goes_out(firm)


async def goes_out(firm: Desk) -> int:
    """What the dispatcher does as soon as it is woken."""
    return await give_out(firm.job_context(), Rosters())
