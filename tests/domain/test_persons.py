"""Who was spoken to, in a company with many customers."""

from __future__ import annotations

from bot.domain import persons
from bot.domain.people import Contact

RARE = "昶璩郇璐羿伲侗呔堇媪嫱寰岿嵩"


def test_a_contact_with_a_rare_surname_is_known_by_it() -> None:
    contacts = [Contact(customer_no="KH1", name="璩明远", title="店长")]
    person = persons.spoken_to("璩店长说下周再订", contacts)
    assert person is not None
    assert person.name == "璩明远"


def test_each_customers_own_surnames_cost_no_pattern_of_their_own() -> None:
    """Compiling one takes milliseconds, as long as all the rest of understanding."""
    persons._patterns.cache_clear()
    for first in RARE:
        for second in RARE:
            contacts = [Contact(customer_no="KH1", name=f"{surname}建国") for surname in (first, second)]
            persons.spoken_to("跟王店长聊了陈列", contacts)
    assert persons._patterns.cache_info().misses == 1
