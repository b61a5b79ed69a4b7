"""Every page as a screen reader and a strict browser read it, without opening one: structure, labels, links, forms."""

from __future__ import annotations

import html5lib
import pytest
from django.contrib.staticfiles import finders
from lxml import html

from tests.tenancy.matrix import ROLES, all_route_names, expected, targets_of
from tests.tenancy.routes import ROUTES

pytestmark = pytest.mark.django_db
# Answers that are no whole pages.
NO_PAGE = {
    "appointments:calendar_file": "a calendar file",
    "doctors:certificate": "a paper",
    "doctors:staff_certificate": "a paper",
    "records:medicines": "the list under a search box",
}
PAGES = sorted(
    name
    for name, route in ROUTES.items()
    if "GET" in route.methods and route.get in {200, 202} and name not in NO_PAGE
)
FIELDS = "//input[not(@type='hidden' or @type='submit' or @type='button')] | //select | //textarea"


@pytest.fixture(scope="module")
def opened(checker):
    """Return a function that opens each page once, as somebody who may."""
    kept = {}

    def page(name):
        if name not in kept:
            role, target = _rightful(checker.cast, name)
            answer = checker.ask(role, "GET", checker.url(name, target))
            assert answer.status == ROUTES[name].get, f"{name} as {role}: {answer.status} {answer.error}"
            kept[name] = (answer, html.document_fromstring(answer.text))
        return kept[name]

    return page


def _rightful(cast, name):
    for target in targets_of(cast, ROUTES[name]):
        for role in ("paul", "dora", "ada", "root", *ROLES):
            if expected(name, role, target, "GET") == ROUTES[name].get:
                return role, target
    raise AssertionError(f"Nobody may open {name}.")


def name_of(element):
    """Return the accessible name as far as markup tells: text, label, title, or a picture's words."""
    texts = [element.text_content(), element.get("aria-label", ""), element.get("title", "")]
    texts += element.xpath(".//img/@alt | .//svg/title/text() | .//*/@aria-label")
    referred = element.get("aria-labelledby", "").split()
    texts += [found.text_content() for one in referred for found in element.xpath("//*[@id=$id]", id=one)]
    return " ".join("".join(texts).split())


def is_labelled(field):
    if any(field.get(name) for name in ("aria-label", "aria-labelledby", "title")):
        return True
    if field.xpath("ancestor::label"):
        return True
    return bool(field.get("id") and field.xpath("//label[@for=$id]", id=field.get("id")))


def shown(element):
    return html.tostring(element, encoding="unicode", with_tail=False)[:160]


@pytest.mark.parametrize("name", PAGES)
def test_page_has_language_title_and_one_heading(opened, name):
    answer, page = opened(name)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert page.get("lang")
    assert "".join(page.xpath("//head/title/text()")).strip()
    assert [" ".join(one.text_content().split()) for one in page.xpath("//h1")] and len(
        page.xpath("//h1")
    ) == 1
    assert len(page.xpath("//main")) == 1


@pytest.mark.parametrize("name", PAGES)
def test_page_holds_no_inline_script_style_or_event(opened, name):
    _, page = opened(name)
    data = ("application/json", "application/ld+json")
    scripts = [one for one in page.xpath("//script[not(@src)]") if one.get("type") not in data]
    handlers = [shown(one) for one in page.iter() if any(str(key).startswith("on") for key in one.attrib)]
    assert [shown(one) for one in [*scripts, *page.xpath("//style | //*[@style]")]] + handlers == []


@pytest.mark.parametrize("name", PAGES)
def test_every_field_and_button_has_a_name(opened, name):
    _, page = opened(name)
    assert [shown(field) for field in page.xpath(FIELDS) if not is_labelled(field)] == []
    assert [shown(one) for one in page.xpath("//button") if not name_of(one)] == []
    assert [shown(one) for one in page.xpath("//img[not(@alt)]")] == []


@pytest.mark.parametrize("name", PAGES)
def test_ids_are_unique_and_references_end_somewhere(opened, name):
    _, page = opened(name)
    ids = page.xpath("//@id")
    assert sorted({one for one in ids if ids.count(one) > 1}) == []
    referring = {"for", "aria-describedby", "aria-labelledby", "aria-controls", "list", "form"}
    loose = [
        shown(one)
        for one in page.iter()
        for key in referring & set(one.attrib)
        for word in one.get(key).split()
        if word not in ids
    ]
    assert loose == []


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere_and_say_where(opened, name):
    _, page = opened(name)
    ids = set(page.xpath("//@id"))
    links = page.xpath("//a")
    # A filter's link to the page that is open already is empty: browsers take it for "here".
    to_here = [one for one in links if one.get("href") == "" and one.get("aria-current")]
    nowhere = [one for one in links if not (one.get("href") or "").strip() and one not in to_here]
    assert [shown(one) for one in nowhere] == []
    assert [shown(one) for one in links if not name_of(one)] == []
    inside = [one.get("href") for one in links if one.get("href", "").startswith("#")]
    assert [one for one in inside if one.removeprefix("#") not in ids] == []
    assert [one.get("href") for one in links if one.get("href", "").lower().startswith("javascript:")] == []
    away = [
        one for one in links if one.get("target") == "_blank" and "noopener" not in one.get("rel", "noopener")
    ]
    assert away == []


@pytest.mark.parametrize("name", PAGES)
def test_forms_have_an_action_and_posts_a_token(opened, name):
    _, page = opened(name)
    forms = page.xpath("//form")
    assert [shown(one) for one in forms if one.get("action") is None] == []
    posts = [one for one in forms if (one.get("method") or "get").lower() == "post"]
    assert [shown(one) for one in posts if not one.xpath(".//input[@name='csrfmiddlewaretoken']")] == []
    gets = [one for one in forms if one not in posts]
    assert [shown(one) for one in gets if one.xpath(".//input[@name='csrfmiddlewaretoken']")] == []


@pytest.mark.parametrize("name", PAGES)
def test_page_is_valid_enough_for_a_strict_parser(opened, name):
    answer, _ = opened(name)
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("lxml"), namespaceHTMLElements=False)
    parser.parse(answer.text)
    lines = answer.text.splitlines()
    assert [(code, lines[row - 1].strip()[:120]) for (row, _column), code, _values in parser.errors] == []


def test_answers_that_are_no_pages_are_listed_with_what_they_are():
    assert set(all_route_names()) >= NO_PAGE.keys()


def test_the_icon_is_found_by_its_old_name(client):
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer["Location"]) == (302, "/static/img/favicon.svg")
    assert answer["Cache-Control"] == "public, max-age=3600"
    assert finders.find("img/favicon.svg")
