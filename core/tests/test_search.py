"""Search that forgives typing: what is found, in which order, with how many queries."""

from __future__ import annotations

import pytest

from core import search
from core.models import SearchGram, StoredDocument

KIND = "core.example"
NAMES = {
    1: "Dr Dora Sen ডোরা সেন",
    2: "Dr Deb Das দেব দাস",
    3: "Prof. Mohammad Abdur Rahman",
    4: "Muhammed Hussein",
    5: "Farhana Hossain",
    6: "Nusrat Chowdhury",
    7: "José Müller",
    8: "Dorothy Senior-Smith",
    9: "রহিমা খাতুন",
}


@pytest.fixture
def names(db) -> None:
    search.index_many(KIND, NAMES.items())


def found(query: str) -> list[int]:
    return [object_id for object_id, _score in search.search_ids(KIND, query)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Dora  SEN", "dora sen"),
        ("Prof. Dr Müller-José", "muller jose"),
        ("ডাঃ ডোরা সেন", "ডোরা সেন"),
        ("ডো\u200cরা", "ডোরা"),
        ("ডে\u09beরা", "ডোরা"),
        ("০১৭১-২৩৪", "0171 234"),
        ("0.5 mg/mL", "0 5 mg ml"),
        ("Dr", "dr"),
        ("  ,.;  ", ""),
        ("Straße", "strasse"),
    ],
)
def test_normalise(text, expected):
    assert search.normalise(text) == expected


@pytest.mark.engines
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Dora Sen", [1, 8]),
        ("dora sne", []),
        ("dr sen", [1, 8]),
        ("Dara Sen", [1]),
        ("Droa Sen", [1]),
        ("dor", [8, 1]),
        ("doroty", [8]),
        ("rahmna", [3]),
        ("Rehman", [3]),
        ("Mohamad", [3, 4]),
        ("muhammad rahman", [3]),
        ("Hosen", [5, 4]),
        ("choudhuri", [6]),
        ("farhna hosain", [5]),
        ("jose muller", [7]),
        ("ডোরা সেন", [1]),
        ("ডরা সন", [1]),
        ("ডোর", [1]),
        ("রহমা খতুন", [9]),
        ("দেব", [2]),
        ("dora das", []),
        ("xylophone", []),
        ("dr", []),
        ("", []),
        ("?!", []),
    ],
)
@pytest.mark.django_db
def test_search_ids_finds(names, query, expected):
    assert found(query) == expected


@pytest.mark.engines
@pytest.mark.django_db
def test_search_ids_score_of_a_name_written_correctly_is_the_highest(names):
    (first, right), (second, longer) = search.search_ids(KIND, "Dora Sen")
    assert (first, second) == (1, 8)
    assert 0.85 < right <= 1.0
    assert longer < right
    ((_, wrong),) = search.search_ids(KIND, "Dara Sen")
    assert wrong < right


@pytest.fixture
def documents(names) -> None:
    """Rows that carry the ids of the names: odd ones at hospital 1, even ones at hospital 2."""
    StoredDocument.objects.bulk_create(
        StoredDocument(pk=number, kind="letter", reference=str(number), version=1, hospital_id=2 - number % 2)
        for number in NAMES
    )


@pytest.mark.engines
@pytest.mark.django_db
def test_search_ids_is_one_query_and_limited(names, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert len(search.search_ids(KIND, "s", limit=1)) == 1
    with django_assert_num_queries(0):
        assert search.search_ids(KIND, " ") == []


@pytest.mark.engines
@pytest.mark.django_db
def test_search_ids_stays_within_a_queryset(documents, django_assert_num_queries):
    within = StoredDocument.objects.filter(hospital_id=2).order_by("reference")
    with django_assert_num_queries(1):
        hits = search.search_ids(KIND, "hosen", within=within)
    assert [object_id for object_id, _score in hits] == [4]


@pytest.mark.engines
@pytest.mark.django_db
def test_search_queryset_is_one_query_in_order_with_a_score(documents, django_assert_num_queries):
    with django_assert_num_queries(1):
        hits = list(search.search_queryset(StoredDocument.objects.all(), KIND, "dor"))
    assert [document.pk for document in hits] == found("dor")
    scores = [round(document.search_score, 6) for document in hits]
    assert scores == [round(score, 6) for _object_id, score in search.search_ids(KIND, "dor")]


@pytest.mark.engines
@pytest.mark.django_db
def test_search_queryset_keeps_other_filters_and_can_be_counted_and_sliced(
    documents, django_assert_num_queries
):
    hits = search.search_queryset(StoredDocument.objects.filter(hospital_id=1), KIND, "hosen")
    with django_assert_num_queries(2):
        assert (hits.count(), [document.pk for document in hits[:10]]) == (1, [5])


@pytest.mark.django_db
def test_search_queryset_of_nothing_finds_nothing(documents):
    assert list(search.search_queryset(StoredDocument.objects.all(), KIND, "...")) == []


@pytest.mark.engines
@pytest.mark.django_db
def test_queryset_matches_serves_as_a_subquery(documents, django_assert_num_queries):
    matches = search.queryset_matches(KIND, "hosen").order_by().values("match")
    with django_assert_num_queries(1):
        hits = list(StoredDocument.objects.filter(pk__in=matches).order_by("pk").values_list("pk", flat=True))
    assert hits == [4, 5]


@pytest.mark.engines
@pytest.mark.django_db
def test_kinds_do_not_see_each_other(names):
    search.index_text("core.other", 1, "Zebra")
    assert found("zebra") == []
    assert [object_id for object_id, _score in search.search_ids("core.other", "zebra")] == [1]
    assert search.search_ids("core.other", "dora") == []


@pytest.mark.engines
@pytest.mark.django_db
def test_index_text_replaces_in_two_queries(names, django_assert_num_queries):
    with django_assert_num_queries(2):
        search.index_text(KIND, 1, "Anika Roy")
    assert found("dora") == [8]
    assert found("anika") == [1]


@pytest.mark.engines
@pytest.mark.django_db
def test_index_text_twice_leaves_the_same_rows(names):
    before = set(SearchGram.objects.values_list("kind", "object_id", "gram", "size"))
    search.index_text(KIND, 1, NAMES[1])
    assert set(SearchGram.objects.values_list("kind", "object_id", "gram", "size")) == before


@pytest.mark.django_db
def test_index_text_grams():
    search.index_text(KIND, 1, "Dr Sen")
    rows = set(SearchGram.objects.values_list("gram", "size"))
    assert rows == {("  s", 4), (" se", 4), ("sen", 4), ("en ", 4)}


@pytest.mark.engines
@pytest.mark.django_db
def test_remove_text_is_one_query(names, django_assert_num_queries):
    with django_assert_num_queries(1):
        search.remove_text(KIND, 1)
    assert found("dora") == [8]
    search.index_text(KIND, 8, "")
    assert found("dora") == []


@pytest.mark.engines
@pytest.mark.django_db
def test_index_many_takes_any_number_and_the_last_text_of_an_id(names):
    many = [(number, f"Number {number}") for number in range(100, 1_000)]
    assert search.index_many(KIND, [*many, (100, "Zarathustra")]) == 901
    assert found("zaratustra") == [100]


@pytest.mark.django_db
def test_a_very_long_query_and_text_are_bounded(names):
    search.index_text(KIND, 50, "word " * 10_000)
    assert SearchGram.objects.filter(object_id=50).count() < 20
    assert search.search_ids(KIND, "supercalifragilistic " * 1_000) == []
