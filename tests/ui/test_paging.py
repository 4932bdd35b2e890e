"""Numbered pages."""

from __future__ import annotations

from django.http import QueryDict

from ui.paging import PageLink, paginate


def links(rows: int, query: str) -> list[tuple[str, str, bool]]:
    page = paginate(range(rows), QueryDict(query))
    return [(link.label, link.address, link.is_current) for link in page.links]


def test_the_rest_of_the_address_stays() -> None:
    page = paginate(range(60), QueryDict("visao=todos&q=a%26b&pagina=2"))
    assert list(page) == list(range(25, 50))
    assert (page.total, page.number, page.first, page.last) == (60, 2, 26, 50)
    assert page.previous == "?visao=todos&q=a%26b"
    assert page.next == "?visao=todos&q=a%26b&pagina=3"


def test_one_page_needs_no_links() -> None:
    assert links(25, "") == []
    page = paginate(range(25), QueryDict(""))
    assert (page.previous, page.next, page.first, page.last) == ("", "", 1, 25)


def test_far_pages_are_a_gap() -> None:
    assert links(500, "pagina=10") == [
        ("1", "?", False),
        ("…", "", False),
        ("9", "?pagina=9", False),
        ("10", "?pagina=10", True),
        ("11", "?pagina=11", False),
        ("…", "", False),
        ("20", "?pagina=20", False),
    ]


def test_a_page_that_does_not_exist_shows_the_nearest() -> None:
    for asked, number in {"0": 3, "-1": 3, "99999999999999999999": 3, "x": 1, "": 1, "1.5": 1}.items():
        assert paginate(range(60), QueryDict(f"pagina={asked}")).number == number, asked


def test_sizes_are_25_50_and_100_and_go_back_to_the_first_page() -> None:
    page = paginate(range(60), QueryDict("q=a&pagina=2&por_pagina=50"))
    assert (page.size, page.number, len(page)) == (50, 2, 10)
    assert page.sizes == (
        PageLink("25", "?q=a", False),
        PageLink("50", "?q=a&por_pagina=50", True),
        PageLink("100", "?q=a&por_pagina=100", False),
    )
    assert page.previous == "?q=a&por_pagina=50"
    assert paginate(range(60), QueryDict("por_pagina=7")).size == 25


def test_nothing_found() -> None:
    page = paginate([], QueryDict("q=x"))
    assert (page.total, page.first, page.last, page.links, list(page)) == (0, 0, 0, (), [])
