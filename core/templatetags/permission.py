"""Templates ask the same rules as views."""

from __future__ import annotations

from typing import Any

import rules
from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def may(context: template.RequestContext, name: str, subject: Any = None) -> bool:
    """`{% may "appointments.cancel_appointment" appointment as may_cancel %}`; an unknown name is an error."""
    if not rules.perm_exists(name):
        raise LookupError(f"No rule is called {name}.")
    return rules.has_perm(name, context["request"].user, subject)
