"""Who is in the demonstration. Everybody's password is PASSWORD; production refuses to be seeded."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from hospitals.operations import HospitalProfile

PASSWORD = "Demo-pass-2026!"
DOMAIN = "demo.test"


@dataclass(frozen=True)
class DoctorPart:
    """A doctor of the demonstration and where the doctor works."""

    login: str
    name: str
    name_bn: str
    gender: str
    speciality: str
    qualifications: str
    since: int
    fee: Decimal
    department: str
    hospitals: tuple[str, ...] = ("city",)
    hours: tuple[tuple[int, str, str], ...] = ()
    slot_minutes: int = 20
    about: str = ""
    lead_minutes: int = 60


CITY = HospitalProfile(
    name="City General Hospital",
    name_bn="সিটি জেনারেল হাসপাতাল",
    about="A general hospital in Dhanmondi with day and night emergency care.",
    address="House 12, Road 5",
    area="Dhanmondi",
    city="Dhaka",
    phone="+880255010000",
    email=f"desk.city@{DOMAIN}",
    latitude=Decimal("23.746466"),
    longitude=Decimal("90.376015"),
)
LAKESIDE = HospitalProfile(
    name="Lakeside Clinic",
    name_bn="লেকসাইড ক্লিনিক",
    about="A clinic for families beside the lake.",
    address="12 Lake Road",
    area="Agrabad",
    city="Chattogram",
    phone="+880312510000",
    email=f"desk.lakeside@{DOMAIN}",
    latitude=Decimal("22.326060"),
    longitude=Decimal("91.812500"),
)
HOSPITALS = {"city": CITY, "lakeside": LAKESIDE}
PREFIXES = {"city": "CG", "lakeside": "LC"}
DEPARTMENTS: dict[str, dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "city": {
        "Cardiology": ("Heart and blood vessels", "Building B, third floor", ("ECG", "Echocardiogram")),
        "Paediatrics": ("Children from birth to 16", "Building A, first floor", ("Vaccination",)),
        "Gynaecology": ("Women’s health and pregnancy", "Building A, second floor", ("Ultrasound",)),
        "Dermatology": ("Skin, hair and nails", "Building B, ground floor", ("Patch test",)),
        "Medicine": ("Everything that needs a first look", "Building A, ground floor", ("Health check",)),
    },
    "lakeside": {
        "Family medicine": ("For all ages", "Ground floor", ("Health check",)),
        "Cardiology": ("Heart and blood vessels", "First floor", ("ECG",)),
        "Ophthalmology": ("Eyes", "First floor", ("Eye test",)),
    },
}
# Until late, so that a visit of today can be tried at nearly any hour; on Friday mornings Dora is in Chattogram.
EVERY_DAY = tuple((weekday, "16:00" if weekday == 4 else "09:00", "23:40") for weekday in range(7))
EVENINGS = tuple((weekday, "16:00", "20:00") for weekday in (5, 6, 0, 1, 2, 3))
MORNINGS = tuple((weekday, "09:00", "13:00") for weekday in (5, 6, 0, 1, 2))

DOCTORS = (
    DoctorPart(
        "dora", "Dr Dora Sen", "ডা. ডোরা সেন", "female", "cardiology", "MBBS, FCPS (Cardiology), MRCP", 2010,
        Decimal("1200.00"), "Cardiology", ("city", "lakeside"), EVERY_DAY, 20,
        "Sees people with chest pain, high blood pressure and heart failure.", 0,
    ),
    DoctorPart(
        "deb", "Dr Debashish Roy", "ডা. দেবাশীষ রায়", "male", "general-practice", "MBBS, MCGP", 2014,
        Decimal("600.00"), "Family medicine", ("lakeside",), MORNINGS, 15,
    ),
    DoctorPart(
        "mahmud", "Dr Mahmud Hasan", "ডা. মাহমুদ হাসান", "male", "paediatrics", "MBBS, DCH, FCPS (Paediatrics)", 2012,
        Decimal("800.00"), "Paediatrics", ("city",), EVENINGS, 15,
    ),
    DoctorPart(
        "nusrat", "Dr Nusrat Chowdhury", "ডা. নুসরাত চৌধুরী", "female", "gynaecology", "MBBS, FCPS (Obs & Gynae)", 2009,
        Decimal("1000.00"), "Gynaecology", ("city",), MORNINGS, 20,
    ),
    DoctorPart(
        "anisur", "Dr Anisur Rahman", "ডা. আনিসুর রহমান", "male", "cardiology", "MBBS, D-Card", 2004,
        Decimal("900.00"), "Cardiology", ("city",), MORNINGS, 15,
    ),
    DoctorPart(
        "farhana", "Dr Farhana Karim", "ডা. ফারহানা করিম", "female", "dermatology", "MBBS, DDV", 2016,
        Decimal("700.00"), "Dermatology", ("city",), EVENINGS, 15,
    ),
    DoctorPart(
        "shafiq", "Dr Shafiqul Bari", "ডা. শফিকুল বারী", "male", "ophthalmology", "MBBS, DO", 1998,
        Decimal("750.00"), "Ophthalmology", ("lakeside",), EVENINGS, 15,
    ),
)  # fmt: skip
APPLICANT = DoctorPart(
    "tahmina", "Dr Tahmina Yasmin", "ডা. তাহমিনা ইয়াসমিন", "female", "paediatrics", "MBBS, DCH, FCPS (Paediatrics)", 2015,
    Decimal("800.00"), "Paediatrics", ("city",),
)  # fmt: skip


@dataclass(frozen=True)
class PatientPart:
    """A patient of the demonstration."""

    login: str
    name: str
    name_bn: str
    sex: str
    born: dt.date
    phone: str
    address: str
    city: str


PATIENTS = (
    PatientPart("paul", "Paul Rahman", "পল রহমান", "male", dt.date(1988, 5, 3), "+8801711000214",
                "House 4, Road 27, Dhanmondi", "Dhaka"),
    PatientPart("pia", "Pia Sarkar", "পিয়া সরকার", "female", dt.date(1995, 9, 21), "+8801711000215",
                "Flat 3B, Mirpur 10", "Dhaka"),
)  # fmt: skip
