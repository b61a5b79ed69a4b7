"""The pages a person sees at the simulator."""

from __future__ import annotations

from decimal import Decimal
from html import escape

from .store import Row

CSS = """
:root { color-scheme: light dark; --ink: #13262a; --ink-2: #42565a; --page: #f4f7f7; --card: #fff; --line: #75888c;
  --act: #0b5c66; --on-act: #fff; --note: #fdf0d2; --on-note: #6a4300; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7efef; --ink-2: #b5c5c7; --page: #0e1719; --card: #152124;
  --line: #748b90; --act: #63c3c6; --on-act: #06262b; --note: #382a10; --on-note: #f3d391; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans",
  "Noto Sans Bengali", sans-serif; }
.note { margin: 0; padding: .75rem 1rem; background: var(--note); color: var(--on-note); text-align: center;
  font-weight: 600; }
main { max-width: 28rem; margin: 1.5rem auto; padding: 1.25rem; background: var(--card); border-radius: 12px; }
h1 { margin: 0 0 .25rem; font-size: 1.375rem; line-height: 1.25; overflow-wrap: anywhere; }
.sum { margin: 0 0 1rem; font-size: 1.75rem; font-weight: 600; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 0 0 1.25rem; color: var(--ink-2); }
dd { margin: 0; overflow-wrap: anywhere; color: var(--ink); }
form { display: grid; gap: .75rem; margin: 0; }
button { min-height: 2.75rem; padding: .5rem 1rem; border: 1px solid var(--line); border-radius: 8px;
  background: transparent; color: var(--ink); font: inherit; cursor: pointer; }
button.main { border-color: var(--act); background: var(--act); color: var(--on-act); font-weight: 600; }
button:focus-visible { outline: 3px solid #f2b233; outline-offset: 2px; }
""".strip()
RETURN_JS = 'document.getElementById("return").submit();\n'
DONE = {
    "pay": "You paid",
    "fail": "The payment failed",
    "cancel": "You cancelled the payment",
    "expire": "The time to pay has run out",
    "leave": "You left without paying",
}


def pay_page(session: Row, shop_name: str) -> str:
    """The page with the three ways a payment can go."""
    money = _money(session)
    body = f"""<h1>{escape(session["title"])}</h1>
<p class="sum">{money}</p>
<dl><dt>To</dt><dd>{escape(shop_name)}</dd><dt>From</dt><dd>{escape(session["customer"])}</dd>
<dt>Reference</dt><dd>{escape(session["tran_id"])}</dd></dl>
<form method="post" action="/pay/{escape(session["session_key"])}">
<button class="main" name="choice" value="pay">Pay {money}</button>
<button name="choice" value="fail">Let the payment fail</button>
<button name="choice" value="cancel">Cancel and go back</button>
</form>"""
    return _page(f"Pay {money}", body)


def return_page(session: Row, url: str, fields: dict[str, str], shop_name: str, *, at_once: bool) -> str:
    """The page that sends the browser back by a cross-site POST: by itself when `at_once`, else by its button."""
    hidden = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    script = '\n<script src="/static/return.js" defer></script>' if at_once else ""
    body = f"""<h1>{escape(DONE.get(session["choice"], "The time to pay has run out"))}</h1>
<p class="sum">{_money(session)}</p>
<form method="post" action="{escape(url)}" id="return">
{hidden}
<button class="main">Continue to {escape(shop_name)}</button>
</form>{script}"""
    return _page("Back to the shop", body)


def plain_page(title: str, text: str) -> str:
    """A page with one sentence."""
    return _page(title, f"<h1>{escape(title)}</h1>\n<p>{escape(text)}</p>")


def _money(session: Row) -> str:
    return f"{escape(session['currency'])} {Decimal(session['amount']):,.2f}"


def _page(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Payment simulator</title>
<link rel="stylesheet" href="/static/simulator.css">
<link rel="icon" href="data:,">
</head>
<body>
<p class="note">Payment simulator — no money moves</p>
<main>
{body}
</main>
</body>
</html>
"""
