"""How much is filled in, and how it is shared out."""

from __future__ import annotations

from dataclasses import dataclass, replace

PAST_DAYS = 150  # how far back the visits go
COMING_DAYS = 21  # how far ahead


@dataclass(frozen=True)
class Size:
    """How many of each; the hospital that is measured has a fifth of everything."""

    hospitals: int = 200
    doctors: int = 2_000
    patients: int = 5_000
    appointments: int = 20_000
    medicines: int = 2_000
    seed: int = 7

    def times(self, scale: int) -> Size:
        """Return so many times the people and visits; hospitals and medicines stay."""
        return replace(
            self,
            doctors=self.doctors * scale,
            patients=self.patients * scale,
            appointments=self.appointments * scale,
        )

    @property
    def applicants(self) -> int:
        """Doctors who work nowhere yet and wait for an answer."""
        return self.doctors // 30

    @property
    def of_doctor(self) -> int:
        """Visits of the doctor who is measured."""
        return min(self.appointments // 10, max(12, self.appointments * 15 // 1_000))

    @property
    def of_patient(self) -> int:
        """Visits of the patient who is measured."""
        return min(self.appointments // 10, max(12, self.appointments * 3 // 1_000))
