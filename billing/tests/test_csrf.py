"""Who may post without a token of ours: the gateway, and nobody else."""

from __future__ import annotations

from django.urls import URLPattern, get_resolver


def patterns_below(resolver, namespaces=()):
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield ":".join((*namespaces, entry.name or str(entry.pattern))), entry
        else:
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from patterns_below(entry, inner)


def test_only_the_gateway_posts_without_a_token():
    patterns = list(patterns_below(get_resolver()))
    exempt = {name for name, entry in patterns if getattr(entry.callback, "csrf_exempt", False)}
    assert exempt == {"billing:ipn", "billing:gateway_return"}
    assert len(patterns) > 100
