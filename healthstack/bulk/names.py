"""Names and words, the same ones for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from faker import Faker

POOL = 2_000  # draws; Faker's lists are shorter, so each name comes up
PLACES = {
    "Dhaka": ("Dhanmondi", "Gulshan", "Mirpur", "Uttara", "Banani", "Motijheel"),
    "Chattogram": ("Agrabad", "Nasirabad", "Panchlaish"),
    "Sylhet": ("Zindabazar", "Amberkhana"),
    "Khulna": ("Sonadanga", "Boyra"),
    "Rajshahi": ("Shaheb Bazar", "Laxmipur"),
    "Barishal": ("Sadar Road",),
    "Rangpur": ("Jahaj Company More",),
    "Mymensingh": ("Charpara",),
}
HOSPITAL_ENDINGS = (
    "General Hospital",
    "Medical Centre",
    "Clinic",
    "Specialised Hospital",
    "Diagnostic and Hospital",
)
QUALIFICATIONS = ("MBBS", "MBBS, FCPS", "MBBS, MD", "MBBS, MRCP", "MBBS, MS", "MBBS, DCH", "MBBS, FCPS, MRCP")
REASONS = (
    "Chest pain when climbing stairs", "Fever for four days", "Headache in the evening", "Cough that stays",
    "Back pain", "Rash on both arms", "Follow-up of blood pressure", "Stomach pain after meals", "Tired all day",
    "Knee pain", "Results of the last tests", "",
)  # fmt: skip
DIAGNOSES = (
    ("Essential hypertension", "I10"), ("Type 2 diabetes mellitus", "E11.9"), ("Acute bronchitis", "J20.9"),
    ("Migraine without aura", "G43.0"), ("Gastritis", "K29.7"), ("Low back pain", "M54.5"), ("Atopic dermatitis", "L20.9"),
    ("Iron deficiency anaemia", "D50.9"), ("Allergic rhinitis", "J30.4"), ("Dengue fever", "A97.9"),
)  # fmt: skip
PLANS = (
    "Drink enough, rest, come back in a week.", "Tablets as written; a blood test before the next visit.",
    "Walk half an hour each day. Less salt.", "Come back at once when the fever rises again.",
)  # fmt: skip


class Names:
    """Draws people, places and words; English names by Faker's Indian list, Bangla ones by that of Bangladesh."""

    def __init__(self, random: Random, seed: int) -> None:
        self.random = random
        english, bangla = Faker("en_IN"), Faker("bn_BD")
        english.seed_instance(seed)
        bangla.seed_instance(seed)
        self._women, self._men = _pool(english.first_name_female), _pool(english.first_name_male)
        self._last = _pool(english.last_name)
        self._bangla_first, self._bangla_last = _pool(bangla.first_name), _pool(bangla.last_name)
        self._streets = _pool(english.street_name)

    def person(self, *, female: bool) -> str:
        """Return a first and a last name."""
        return f"{self.random.choice(self._women if female else self._men)} {self.random.choice(self._last)}"

    def person_in_bangla(self) -> str:
        """Return a Bangla name for three people in ten, nothing for the others."""
        if self.random.random() > 0.3:
            return ""
        return f"{self.random.choice(self._bangla_first)} {self.random.choice(self._bangla_last)}"

    def hospital(self) -> str:
        """Return what a hospital is called."""
        return f"{self.random.choice(self._last)} {self.random.choice(HOSPITAL_ENDINGS)}"

    def place(self) -> tuple[str, str]:
        """Return a city and an area of it; half of all are in Dhaka."""
        city = "Dhaka" if self.random.random() < 0.5 else self.random.choice(list(PLACES))
        return city, self.random.choice(PLACES[city])

    def address(self) -> str:
        """Return house and street."""
        return f"House {self.random.randint(1, 99)}, {self.random.choice(self._streets)}"


def _pool(draw: Callable[[], str]) -> list[str]:
    return sorted({draw() for _ in range(POOL)})
