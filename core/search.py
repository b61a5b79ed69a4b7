"""Search that forgives typing: three-letter grams in one table, the same on SQLite and PostgreSQL.

A text is cut into words, a word into overlapping grams of three characters with its start padded, so that beginnings
weigh more. Each word is also kept as its skeleton (its consonants), which finds other spellings of one name and Bangla
words with a vowel sign left out.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Case, Count, F, FloatField, Max, OuterRef, QuerySet, Subquery, Sum, Value, When

from core.models_search import SearchGram

HONORIFICS = frozenset(
    "dr doctor prof professor assoc asst mr mrs ms miss md mst engr ডা ডাঃ ডাক্তার প্রফেসর অধ্যাপক মো মোঃ মোছাঃ জনাব".split()
)
TEXT_LIMIT = 2_000  # characters of a text that are indexed
QUERY_LIMIT = 100  # characters of a query that are looked at
WORD_LIMIT = 6  # words of a query that are looked at
SHORT_WORD = 3  # up to here every letter has to be right
THRESHOLD = 0.4  # share of a longer word's grams that must be found
SLIPS = 6  # grams that may be wrong however long a word is: two letters' worth
SKELETON_WEIGHT = 0.4  # what the skeleton counts beside the word as it is written
LENGTH_WEIGHT = 0.15  # how much a short text is preferred to a long one
NOISE = 0.6  # results below this share of the best score are left out of a ranked list
ID_BATCH = 400
ROW_BATCH = 2_000

_DIGRAPHS = {
    "ch": "c",
    "sh": "s",
    "ph": "f",
    "th": "t",
    "dh": "d",
    "kh": "k",
    "gh": "g",
    "bh": "b",
    "ck": "k",
    "jh": "j",
}
_SOUNDS = str.maketrans({"z": "j", "v": "b", "q": "k", "w": "", "y": "", "x": "ks"})
_VOWELS = frozenset("aeiou")
# Without the sum SQLite walks the whole table in the order of the ids instead of asking for the grams (100 ms, not 5).
_BY_OBJECT = F("object_id") + Value(0)
_Item = TypeVar("_Item")
_Model = TypeVar("_Model", bound=models.Model)


@dataclass(frozen=True)
class _Word:
    """One word of a query: the grams it asks for, and the gram that only a whole word has."""

    starts: frozenset[str]
    end: str
    skeleton: frozenset[str]
    exact: bool

    @property
    def grams(self) -> frozenset[str]:
        return self.starts | self.skeleton | {self.end}

    @property
    def asked(self) -> frozenset[str]:
        return self.starts if self.exact else self.starts | {self.end}

    @property
    def needed(self) -> int:
        grams = len(self.asked)
        return grams if self.exact else max(math.ceil(THRESHOLD * grams), grams - SLIPS)


def normalise(text: str) -> str:
    """Return the text in the one form that is indexed and asked for: small letters, no accents, titles or punctuation.

    Bangla keeps its signs (NFC, invisible joiners removed); Bangla digits become Latin ones.
    """
    decomposed = unicodedata.normalize("NFKD", text[:TEXT_LIMIT].casefold())
    plain = "".join(_plain(character) for character in decomposed)
    words = unicodedata.normalize("NFC", plain).split()
    return " ".join([word for word in words if word not in HONORIFICS] or words)


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf" or "\u0300" <= character <= "\u036f":
        return ""
    if category == "Nd":
        return str(unicodedata.digit(character))
    return character if category[0] in "LNM" else " "


def _skeleton(word: str) -> str:
    """Return the word's consonants, alike-sounding ones made equal; empty when too little would be left to go by."""
    if any("\u0980" <= character <= "\u09ff" for character in word):
        bare = "".join(character for character in word if unicodedata.category(character)[0] != "M")
        return bare if len(bare) >= 2 else ""
    if len(word) <= SHORT_WORD or not (word.isascii() and word.isalpha()):
        return ""
    for pair, letter in _DIGRAPHS.items():
        word = word.replace(pair, letter if pair != "ch" else "\x01")
    word = (
        word.replace("ce", "se")
        .replace("ci", "si")
        .replace("cy", "sy")
        .replace("c", "k")
        .replace("\x01", "c")
    )
    first = "a" if word[0] in _VOWELS else word[0].translate(_SOUNDS) or word[0]
    rest = "".join(letter for letter in word[1:].translate(_SOUNDS) if letter not in _VOWELS)
    letters = first + rest
    single = "".join(now for before, now in zip(" " + letters, letters, strict=False) if now != before)
    return single if len(single) >= 2 else ""


def _windows(padded: str) -> list[str]:
    return [padded[start : start + 3] for start in range(len(padded) - 2)]


def _word(word: str) -> _Word:
    grams = _windows(f"  {word} ")
    skeleton = _skeleton(word)
    bones = _windows(f"^{skeleton}^") if skeleton else []
    # A skeleton of two letters says little: it has to be the whole word's.
    return _Word(
        frozenset(grams[:-1]),
        grams[-1],
        frozenset(bones[:-1] if len(skeleton) > 2 else bones),
        len(word) <= SHORT_WORD,
    )


def _grams(text: str) -> set[str]:
    found: set[str] = set()
    for word in normalise(text).split():
        found.update(_windows(f"  {word} "))
        skeleton = _skeleton(word)
        if skeleton:
            found.update(_windows(f"^{skeleton}^"))
    return found


def _batches(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def index_text(kind: str, object_id: int, text: str) -> None:
    """Make the object findable by this text and no other; two queries, in the caller's transaction if there is one."""
    index_many(kind, [(object_id, text)])


def index_many(kind: str, texts: Iterable[tuple[int, str]]) -> int:
    """Index many objects (id, text) in batches, replacing what was indexed for them; returns how many objects."""
    count = 0
    with transaction.atomic(savepoint=False):
        for batch in _batches(texts, ID_BATCH):
            by_id = dict(batch)
            remove_many(kind, by_id)
            SearchGram.objects.bulk_create(
                (
                    SearchGram(**row)
                    for object_id, text in by_id.items()
                    for row in gram_values(kind, object_id, text)
                ),
                batch_size=ROW_BATCH,
                ignore_conflicts=True,
            )
            count += len(by_id)
    return count


def gram_values(kind: str, object_id: int, text: str) -> Iterator[dict[str, Any]]:
    """Return the values of the rows that make an object findable, for whoever inserts many at once."""
    grams = sorted(_grams(text))
    return ({"kind": kind, "object_id": object_id, "gram": gram, "size": len(grams)} for gram in grams)


def remove_text(kind: str, object_id: int) -> None:
    """Make the object unfindable; one query."""
    remove_many(kind, [object_id])


def remove_many(kind: str, object_ids: Iterable[int]) -> None:
    """Make many objects unfindable; one query for each batch."""
    for batch in _batches(object_ids, ID_BATCH):
        SearchGram.objects.filter(kind=kind, object_id__in=batch).delete()


def _words(query: str) -> list[_Word]:
    """Return what a query asks for; a word said twice counts once."""
    words = dict.fromkeys(normalise(query[:QUERY_LIMIT]).split())
    return [_word(word) for word in islice(words, WORD_LIMIT)]


def _having(kind: str, grams: frozenset[str], needed: int) -> QuerySet[SearchGram, int]:
    rows = SearchGram.objects.filter(kind=kind, gram__in=sorted(grams)).annotate(match=_BY_OBJECT)
    return (
        rows.values("match")
        .annotate(found=Count("gram"))
        .filter(found__gte=needed)
        .values_list("match", flat=True)
    )


def _matching(kind: str, word: _Word) -> QuerySet[SearchGram, int]:
    found = _having(kind, word.asked, word.needed)
    return found.union(_having(kind, word.skeleton, len(word.skeleton))) if word.skeleton else found


def _score(words: list[_Word]) -> Any:
    """Return the aggregate between 0 and 1 that ranks an object by those of its grams that the query asks for."""
    weights: dict[str, float] = {}
    for word in words:
        bones = SKELETON_WEIGHT if word.skeleton else 0.0
        for grams, worth in ((word.starts, 1 - bones), (word.skeleton, bones)):
            weights.update({gram: weights.get(gram, 0.0) + worth / len(grams) / len(words) for gram in grams})
    by_weight: dict[float, list[str]] = {}
    for gram, weight in sorted(weights.items()):
        by_weight.setdefault(round(weight, 4), []).append(gram)
    cases = [When(gram__in=grams, then=Value(weight)) for weight, grams in by_weight.items()]
    found = Sum(Case(*cases, default=Value(0.0), output_field=FloatField()))
    length = Value(1.0) * Count("gram") / Max("size")
    return Value(1 - LENGTH_WEIGHT) * found + Value(LENGTH_WEIGHT) * length


def _asked(kind: str, words: list[_Word]) -> QuerySet[SearchGram]:
    return SearchGram.objects.filter(
        kind=kind, gram__in=sorted(frozenset().union(*(word.grams for word in words)))
    )


def queryset_matches(kind: str, query: str) -> QuerySet[Any, Any]:
    """Return rows of `match` (an object's id) and `score` (0 to 1), best first; nothing when the query has no words.

    Every word has to be found, forgiving typing mistakes. One SQL statement; `.values("match")` serves as `pk__in`.
    """
    words = _words(query)
    rows: QuerySet[Any, Any] = _asked(kind, words) if words else SearchGram.objects.none()
    for word in words:
        rows = rows.filter(object_id__in=_matching(kind, word))
    scored = (
        rows.annotate(match=_BY_OBJECT).values("match").annotate(score=_score(words) if words else Value(0.0))
    )
    return scored.order_by("-score", "match")


def search_ids(
    kind: str, query: str, *, limit: int = 200, within: QuerySet[Any] | None = None
) -> list[tuple[int, float]]:
    """Return (object id, score) best first, of the objects in `within` if given; one query.

    What scores far below the best is left out, so that a name written correctly brings no crowd of similar ones.
    """
    rows = queryset_matches(kind, query)
    if within is not None:
        rows = rows.filter(object_id__in=within.order_by().values("pk"))
    found = list(rows.values_list("match", "score")[:limit])
    return [(match, float(score)) for match, score in found if score >= NOISE * found[0][1]]


def search_queryset(queryset: QuerySet[_Model], kind: str, query: str) -> QuerySet[_Model]:
    """Narrow a QuerySet to what the query finds, annotated with `search_score` and best first; no query by itself.

    An empty query finds nothing: ask for it only when something was typed.
    """
    words = _words(query)
    if not words:
        return queryset.none()
    own = (
        _asked(kind, words).filter(object_id=OuterRef("pk")).values("object_id").annotate(score=_score(words))
    )
    narrowed = queryset.filter(pk__in=queryset_matches(kind, query).order_by().values("match"))
    scored: Any = narrowed.annotate(search_score=Subquery(own.values("score")))
    ordered: QuerySet[_Model] = scored.order_by("-search_score", "pk")
    return ordered
