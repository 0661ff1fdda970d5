"""Whom a lead may be the same as, fetched by the keys it carries: a handful of rows, whatever the company's size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.company_names import company_key
from bot.domain.leads.duplicates import KnownCustomer, KnownLead, is_mobile
from bot.domain.leads.records import LeadRecord


async def customers_like(connection: AsyncConnection, leads: Iterable[LeadRecord]) -> list[KnownCustomer]:
    """Customers that share a company's key, a short name's key or a contact's mobile with one of the leads."""
    rows = (await connection.execute(_CUSTOMERS, _keys(leads))).all()
    return [
        KnownCustomer(
            customer_no=row.customer_no,
            name=row.name,
            short_name=row.short_name,
            region=row.region,
            contacts=tuple(zip(row.names, row.mobiles, strict=True)),
        )
        for row in rows
    ]


async def leads_like(connection: AsyncConnection, leads: Sequence[LeadRecord]) -> list[KnownLead]:
    """Leads that share a company's key or a mobile, oldest first; those of the same number among them."""
    numbers = {"numbers": [lead.lead_no for lead in leads]}
    rows = (await connection.execute(_LEADS, _keys(leads) | numbers)).all()
    return [
        KnownLead(
            lead_no=row.lead_no,
            company=row.company,
            contact=row.contact,
            mobile_key=row.mobile_key,
            region=row.region,
        )
        for row in rows
    ]


async def customer_owners(connection: AsyncConnection) -> dict[str, str]:
    """客户编号 -> 工号 of whoever has the customer: the region's manager after the owner has left, empty for nobody."""
    return {row.customer_no: row.owner_no for row in await connection.execute(_OWNERS)}


def _keys(leads: Iterable[LeadRecord]) -> dict[str, Any]:
    known = list(leads)
    return {
        "keys": sorted({company_key(lead.company) for lead in known} - {""}),
        "mobiles": sorted({lead.mobile_key for lead in known if is_mobile(lead.mobile_key)}),
    }


# Each way in is an index of its own; OR over several tables would read them whole.
_CUSTOMERS = text("""
WITH near AS (
    SELECT customer_no FROM customers WHERE company_key = ANY(CAST(:keys AS text[])) AND company_key <> ''
    UNION SELECT customer_no FROM customers WHERE short_key = ANY(CAST(:keys AS text[])) AND short_key <> ''
    UNION SELECT customer_no FROM contacts WHERE mobile_key = ANY(CAST(:mobiles AS text[]))
)
SELECT c.customer_no, c.name, c.short_name, c.region, people.names, people.mobiles
FROM near JOIN customers AS c USING (customer_no)
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(p.name ORDER BY p.position), '{}') AS names,
           coalesce(array_agg(p.mobile_key ORDER BY p.position), '{}') AS mobiles
    FROM contacts AS p WHERE p.customer_no = c.customer_no AND p.mobile_key <> ''
) AS people
ORDER BY c.customer_no
""")
_LEADS = text("""
WITH near AS (
    SELECT lead_no FROM leads WHERE company_key = ANY(CAST(:keys AS text[])) AND company_key <> ''
    UNION SELECT lead_no FROM leads WHERE mobile_key = ANY(CAST(:mobiles AS text[]))
    UNION SELECT lead_no FROM leads WHERE lead_no = ANY(CAST(:numbers AS text[]))
)
SELECT l.lead_no, l.company, l.contact, l.mobile_key, l.region FROM near JOIN leads AS l USING (lead_no)
ORDER BY l.received_at, l.lead_no
""")
_OWNERS = text("""
SELECT c.customer_no, CASE WHEN e.status = '在职' THEN c.owner_no ELSE coalesce(manager.employee_no, '') END AS owner_no
FROM customers AS c LEFT JOIN employees AS e ON e.employee_no = c.owner_no
LEFT JOIN LATERAL (
    SELECT m.employee_no FROM employees AS m WHERE m.region = c.region AND m.role = '区域经理' AND m.status = '在职'
    ORDER BY m.employee_no LIMIT 1
) AS manager ON true
""")
