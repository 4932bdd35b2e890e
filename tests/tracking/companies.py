"""A company with parcels on their way, as tests follow them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from history.models import HistoryEntry
from jobs.models import Call, Channel, Job, JobStatus, Schedule
from tracking import services
from tracking.identification import Clues
from tracking.models import CarrierAccount, Parcel, ParcelEvent
from tracking.services.polling import channel_of

NFE_KEY = "35261111222333000181550010000012341000012345"


def make_code(number: int, prefix: str = "QB") -> str:
    """A code of Correios with its check digit."""
    digits = f"{number:08d}"
    weights = (8, 6, 4, 2, 3, 5, 9, 7)
    rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    check = {0: 5, 1: 0}.get(rest, 11 - rest)
    return f"{prefix}{digits}{check}BR"


def minutes_to_next(parcel: Parcel) -> int:
    assert parcel.next_ask_at is not None
    assert parcel.asked_at is not None
    return round((parcel.next_ask_at - parcel.asked_at).total_seconds() / 60)


class Shipper:
    """An organization whose parcels are followed."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization

    def sign(self, contract: Mapping[str, str], by: str = "Ana Souza") -> CarrierAccount:
        with tenant(self.organization):
            return services.save_carrier_account(tracker="correios", credentials=contract, by=by)

    def follow(self, code: str = "", **clues: str) -> Parcel:
        clues = {"shipping_method": "SEDEX"} | clues if code else clues
        with tenant(self.organization):
            return services.follow_parcel(clues=Clues(tracking_code=code, **clues), now=clock.now())

    def change(self, parcel: Parcel, code: str = "", **clues: str) -> Parcel:
        clues = {"shipping_method": "SEDEX"} | clues
        with tenant(self.organization):
            return services.update_parcel(parcel=parcel, clues=Clues(tracking_code=code, **clues))

    def read(self, parcel: Parcel) -> Parcel:
        with tenant(self.organization):
            return Parcel.objects.get(pk=parcel.pk)

    def ask(self, *parcels: Parcel) -> int:
        with tenant(self.organization):
            return services.ask_now(parcels=parcels)

    def events(self, parcel: Parcel) -> list[str]:
        """The carrier's names of the parcel's events, oldest first."""
        with tenant(self.organization):
            rows = ParcelEvent.objects.filter(parcel=parcel).order_by("occurred_at", "id")
            return [row.code for row in rows]

    @property
    def account(self) -> CarrierAccount:
        with tenant(self.organization):
            return CarrierAccount.objects.get(tracker="correios")

    def channel(self, tracker: str = "correios") -> Channel:
        with tenant(self.organization):
            return Channel.objects.get(name=channel_of(tracker))

    def told(self) -> list[int]:
        """The parcels whose users were told of another state, in the order of telling."""
        with tenant(self.organization):
            jobs = Job.objects.filter(kind="apply_shipment").order_by("id")
            return [int(job.key) for job in jobs]

    def jobs(self, kind: str, status: JobStatus = JobStatus.PENDING) -> list[Job]:
        with tenant(self.organization):
            return list(Job.objects.filter(kind=kind, status=status).order_by("id"))

    def schedules(self) -> list[tuple[str, str, float]]:
        with tenant(self.organization):
            rows = Schedule.objects.order_by("channel", "kind")
            return [(row.channel, row.kind, row.every.total_seconds()) for row in rows]

    def paths(self) -> list[tuple[str, str]]:
        with tenant(self.organization):
            return [(call.path, call.query) for call in Call.objects.order_by("id")]

    def history(self) -> list[tuple[str, Any, str]]:
        with tenant(self.organization):
            rows = HistoryEntry.objects.filter(subject_kind=services.SUBJECT).order_by("id")
            return [(row.code, row.params, row.person) for row in rows]

    def rows(self) -> list[tuple[Any, ...]]:
        """All that there is of this company's parcels, to see that nothing of it has changed."""
        with tenant(self.organization):
            return [
                *Parcel.objects.order_by("id").values_list(),
                *ParcelEvent.objects.order_by("id").values_list(),
                *CarrierAccount.objects.order_by("id").values_list(),
            ]
