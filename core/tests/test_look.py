from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.template.loader import get_template, render_to_string

from core.templatetags.look import ICONS

ROOT = Path(settings.BASE_DIR)
SCSS = ROOT / "scss"
CSS = ROOT / "static" / "css" / "healthstack.css"
SPRITE = ROOT / "static" / "img" / "icons.svg"
VENDOR = ROOT / "static" / "vendor"

GROUNDS = ["page", "surface", "well"]
STATUSES = ["success", "warning", "danger", "info"]
TEXT_PAIRS = [
    *[(text, ground) for text in ["ink", "ink-2", "ink-3", "link", "brand", *STATUSES] for ground in GROUNDS],
    *[(f"on-{status}", status) for status in STATUSES],
    *[(text, f"{status}-soft") for status in STATUSES for text in [f"on-{status}-soft", "ink"]],
    *[(text, "brand-soft") for text in ["on-brand-soft", "ink", "ink-2", "link"]],
    ("on-brand", "brand"),
    ("on-brand", "brand-hover"),
    ("danger", "danger-soft"),
    ("ink-2", "neutral-soft"),
    ("on-neutral-soft", "neutral-soft"),
    ("on-deep", "deep"),
    ("on-deep-2", "deep"),
]
CONTROL_PAIRS = [
    *[(line, ground) for line in ["line-strong", "brand"] for ground in GROUNDS],
    *[(status, f"{status}-soft") for status in STATUSES],
    ("line-strong", "brand-soft"),
    ("thread", "deep"),
    ("focus-in", "focus-out"),
]


def tokens(opening: str) -> dict[str, str]:
    """Return the colours that the block with this opening sets, by name."""
    source = (SCSS / "_tokens.scss").read_text(encoding="utf-8")
    body = source.split(opening, 1)[1].split("\n}", 1)[0]
    return dict(re.findall(r"--hs-([a-z0-9-]+): (#[0-9a-f]{6});", body))


LIGHT = tokens(':root, [data-bs-theme="light"] {')
DARK = tokens("@mixin dark-tokens {")


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def too_faint(colours: dict[str, str]) -> list[str]:
    wanted = [(4.5, *pair) for pair in TEXT_PAIRS] + [(3.0, *pair) for pair in CONTROL_PAIRS]
    return [
        f"{one} on {other}: {contrast(colours[one], colours[other]):.2f}, needs {least}"
        for least, one, other in wanted
        if contrast(colours[one], colours[other]) < least
    ]


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_colours_of_the_light_look_can_be_read() -> None:
    assert too_faint(LIGHT) == []


def test_colours_of_the_dark_look_can_be_read() -> None:
    assert too_faint(LIGHT | DARK) == []


def test_dark_look_sets_every_colour_anew() -> None:
    assert sorted(LIGHT) == sorted(DARK)


def test_stylesheet_is_the_one_that_the_sources_give(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if not npm or not (ROOT / "node_modules" / "sass").is_dir():
        pytest.skip("needs Node and `npm ci`")
    command = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["scripts"]["build"]
    built = tmp_path / "healthstack.css"
    arguments = [part if part != "static/css/healthstack.css" else str(built) for part in command.split()[1:]]
    sass = ROOT / "node_modules" / "sass" / "sass.js"
    subprocess.run(["node", str(sass), *arguments], cwd=ROOT, check=True, capture_output=True, timeout=120)
    assert built.read_bytes() == CSS.read_bytes()


def test_stylesheet_is_light_and_takes_no_picture_from_inside() -> None:
    content = CSS.read_bytes()
    assert len(gzip.compress(content, 9)) <= 25_000
    assert b"data:" not in content
    assert b"url(" not in content


def test_only_tokens_and_settings_name_colours() -> None:
    coloured = re.compile(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(")
    naming = [p.name for p in sorted(SCSS.rglob("*.scss")) if coloured.search(p.read_text(encoding="utf-8"))]
    assert naming == ["_settings.scss", "_tokens.scss"]


def test_only_the_bridge_sets_the_variables_of_bootstrap() -> None:
    setting = re.compile(r"^\s*--bs-", re.M)
    files = [p.name for p in sorted(SCSS.rglob("*.scss")) if setting.search(p.read_text(encoding="utf-8"))]
    assert files == ["_bridge.scss"]


def test_vendored_files_are_the_recorded_ones() -> None:
    pinned = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    record = (VENDOR / "VERSIONS.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\S+) \| (\d\S*) \| \S+ \((\S+)\) \| (\S+) \| ([0-9a-f]{64}) \|$", record, re.M)
    assert {file for *_, file, _ in rows} == {path.name for path in VENDOR.glob("*.js")}
    for name, version, licence, file, digest in rows:
        assert pinned[name] == version
        assert (VENDOR / licence).is_file()
        assert hashlib.sha256((VENDOR / file).read_bytes()).hexdigest() == digest
    assert f"Bootstrap {pinned['bootstrap']} " in record


def test_lock_file_names_no_download_host() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_sprite_has_every_icon_that_pages_may_name() -> None:
    assert set(re.findall(r'<symbol id="i-([a-z]+)"', SPRITE.read_text(encoding="utf-8"))) == ICONS


def test_templates_name_only_icons_of_the_sprite() -> None:
    naming = re.compile(
        r"""{% icon "([^"]+)" %}|{% badge "[a-z]*" "([^"]+)"|action_icon="([^"]+)"|#i-([a-z]+)"""
    )
    unknown = [
        (path.name, name)
        for path in (ROOT / "templates").rglob("*.html")
        for found in naming.findall(path.read_text(encoding="utf-8"))
        for name in found
        if name and name not in ICONS
    ]
    assert unknown == []


def render(source: str, **values: object) -> str:
    return Template(source).render(Context(values))


def test_icon_is_hidden_from_screen_readers() -> None:
    html = render('{% icon "cal" %}')
    assert html == '<svg class="icon" aria-hidden="true"><use href="/static/img/icons.svg#i-cal"/></svg>'


def test_icon_of_an_unknown_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="no icon 'calender'"):
        render('{% icon "calender" %}')


def test_badge_escapes_its_words() -> None:
    html = render('{% badge "success" "check" words %}', words="<b>Paid")
    assert html.startswith('<span class="badge text-bg-success"><svg ')
    assert html.endswith("</svg>&lt;b&gt;Paid</span>")


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Dr Dora Sen", "DS"), ("Mst. Nasima Khatun", "NK"), ("City General Hospital", "CG"), ("Pia", "P")],
)
def test_initials(name: str, letters: str) -> None:
    assert render("{{ name|initials }}", name=name) == letters


def test_money_filters() -> None:
    source = '{{ fee|money:"BDT" }} {{ fee|money_short:"BDT" }} [{{ none|money:"BDT" }}]'
    html = render(source, fee=Decimal(1200), none=None)
    assert html == "৳1,200.00 ৳1,200 []"


class Visit(forms.Form):
    """A form with each kind of control."""

    phone = forms.CharField(label="Phone", help_text="With +880")
    note = forms.CharField(label="What is it about?", required=False, widget=forms.Textarea)
    who = forms.ChoiceField(
        label="Who is it for?", choices=[("me", "Me"), ("mitu", "Mitu")], widget=forms.RadioSelect
    )
    city = forms.ChoiceField(label="City", choices=[("d", "Dhaka")])
    rules = forms.BooleanField(label="I read the rules")


def field(name: str, data: dict[str, str] | None = None) -> str:
    return render_to_string("components/field.html", {"field": Visit(data)[name]})


def test_field_ties_help_and_error_to_its_control() -> None:
    html = field("phone", {})
    assert '<p class="form-text" id="id_phone_helptext">With +880</p>' in html
    assert 'id="id_phone_error"' in html
    assert 'aria-describedby="id_phone_helptext id_phone_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'class="form-control is-invalid"' in html
    assert html.index("id_phone_helptext") < html.index('id="id_phone_error"') < html.index("<input")


def test_field_that_may_stay_empty_says_so() -> None:
    assert "(if you like)" in field("note")
    assert "(if you like)" not in field("phone")


def test_field_of_choices_is_a_group_with_its_legend() -> None:
    html = field("who", {})
    assert '<fieldset class="" id="id_who"' in html
    assert '<legend class="form-label">Who is it for?' in html
    assert html.count('<label class="choice"') == 2
    assert 'id="id_who_error"' in html


def test_field_controls_have_their_classes() -> None:
    assert 'class="form-select"' in field("city")
    assert '<label class="check"><input type="checkbox"' in field("rules")


def test_form_errors_link_to_every_field() -> None:
    form = Visit({"city": "d"})
    form.add_error(None, "6:20 pm was just taken.")
    html = render_to_string("components/form_errors.html", {"form": form})
    assert "4 things need another look" in html
    assert "<li>6:20 pm was just taken.</li>" in html
    assert re.findall(r'href="#(\w+)"', html) == ["id_phone", "id_who", "id_rules"]
    assert 'role="alert" tabindex="-1" data-focus' in html


@pytest.mark.parametrize(
    ("messages", "head"), [(1, "One thing needs another look"), (2, "2 things need another look")]
)
def test_form_errors_count_what_they_say(messages: int, head: str) -> None:
    form = Visit({"phone": "1", "who": "me", "city": "d", "rules": "on"})
    form.full_clean()
    form.errors.clear()
    for number in range(messages):
        form.add_error("phone", f"Message {number}.")
    assert f"<h2>{head}</h2>" in render_to_string("components/form_errors.html", {"form": form})


def test_form_without_errors_shows_no_summary() -> None:
    assert render_to_string("components/form_errors.html", {"form": Visit()}).strip() == ""


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "500"])
def test_error_page_needs_no_context(code: str) -> None:
    html = get_template(f"{code}.html").render()
    assert html.count("<h1") == 1
    assert "Go to the first page" in html
    assert 'href="tel:999"' in html


def test_mail_frame_says_who_writes_and_escapes_only_in_html() -> None:
    action = {"action_url": "https://h.test/r", "action_label": "Log in to read it"}
    values = {"hospital_name": "Green & Sons", **action}
    html = render_to_string("emails/base.html", values)
    text = render_to_string("emails/base.txt", values)
    assert "Green &amp; Sons" in html
    assert '<a href="https://h.test/r"' in html
    assert text.startswith("Green & Sons\n")
    assert "Log in to read it:\nhttps://h.test/r\n" in text
