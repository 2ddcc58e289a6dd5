"""Who trains and who looks after it: contract periods, lead providers, delivery partners, appropriate bodies."""

from collections.abc import Iterator
from datetime import datetime, time

from clock import LONDON
from domain.changes import updated_at
from domain.registrations import active_lead_providers, overlap
from filling.cells import Day, Email, Name, Year, Years, choice
from filling.imports import Import
from filling.kind import Changes, Kind, Row, column
from models import (
    ActiveLeadProvider,
    AppropriateBody,
    ContractPeriod,
    DeliveryPartner,
    DeliveryPartnership,
    LeadProvider,
)
from vocabulary import BODY_TYPES


def joined(words) -> str:
    return ", ".join(map(str, words)) or "none yet"


# --- contract periods ----------------------------------------------------------------------------------------


class ContractPeriodRow(Row):
    year: Year = column("the year in which it begins, and what it is known by", required=True)
    started_on: Day = column("its first day", required=True)
    finished_on: Day = column("its last day. No two contract periods have a day in common", required=True)
    payments_frozen_on: Day = column("the day from which it is closed: nobody new is trained in it")

    def faults(self) -> Iterator[tuple[str, str]]:
        if self.finished_on < self.started_on:
            yield "finished_on", f"{self.started_on} or later, for that is its first day"
        if self.started_on.year != self.year:
            yield "started_on", f"a day in {self.year}"

    @property
    def whose(self) -> str:
        return str(self.year)

    @property
    def payments_frozen_at(self) -> datetime | None:
        return self.payments_frozen_on and datetime.combine(self.payments_frozen_on, time(), LONDON)


class ContractPeriods(Kind[ContractPeriodRow]):
    name, title = "contract-periods", "contract periods"
    row = ContractPeriodRow
    example = """\
year,started_on,finished_on
{last},{last}-06-01,{this}-05-31
{this},{this}-06-01,{next}-05-31
"""

    def key(self, row: ContractPeriodRow) -> str:
        return str(row.year)

    def bring_in(self, rows: list[ContractPeriodRow], report: Import) -> None:
        others = {each.year: each for each in ContractPeriod.select()}
        for row in rows:
            there = others.pop(row.year, None)
            told = {"started_on": row.started_on, "finished_on": row.finished_on}
            if row.says("payments_frozen_on"):
                told["payments_frozen_at"] = row.payments_frozen_at
            meets = next((each for each in others.values() if overlap(each, row)), None)
            if meets:
                words = f"days that are not in {meets.year}, which goes from {meets.started_on} to {meets.finished_on}"
                report.refuse(row, "started_on", words)
                others[row.year] = there or ContractPeriod(year=row.year, **told)
                continue
            if not there:
                there = ContractPeriod.create(year=row.year, **told)
                report.done(row, is_new=True)
            elif changes := update(there, told):
                if moments := changes.get("payments_frozen_at"):
                    days = (moment and moment.astimezone(LONDON).date() for moment in moments)
                    changes["payments_frozen_on"] = tuple(days)
                report.done(row, changes)
            others[row.year] = there


def update(there, told: dict) -> Changes:
    """Make these columns of a row what is told; what that changes."""
    changes = {name: (was, value) for name, value in told.items() if (was := getattr(there, name)) != value}
    for name in changes:
        setattr(there, name, told[name])
    if changes:
        there.save(only=list(changes))
    return changes


# --- lead providers ------------------------------------------------------------------------------------------


class LeadProviderRow(Row):
    name: Name = column("the name that everybody is shown, and what it is known by", required=True)
    years: Years = column("the contract periods in which it has a contract", required=True)
    contact_email: Email = column("where schools reach it")


class LeadProviders(Kind[LeadProviderRow]):
    name, title = "lead-providers", "lead providers"
    row = LeadProviderRow
    example = """\
name,years,contact_email
Ambition Institute,{last} {this},ambition@example.org
Teach First,{last}-{this},teach.first@example.org
"""

    def key(self, row: LeadProviderRow) -> str:
        return row.name.casefold()

    def bring_in(self, rows: list[LeadProviderRow], report: Import) -> None:
        there = {each.name.casefold(): each for each in LeadProvider.select()}
        periods = {each.year for each in ContractPeriod.select()}
        for row in rows:
            if unknown := set(row.years) - periods:
                words = f"years of contract periods: {joined(sorted(periods))}"
                report.refuse(row, "years", f"{words}. Without {joined(sorted(unknown))}")
                continue
            provider = there.get(row.name.casefold())
            is_new = not provider
            provider = there[row.name.casefold()] = provider or LeadProvider.create(name=row.name)
            contracts = ActiveLeadProvider.select().where(ActiveLeadProvider.lead_provider == provider)
            has = {each.contract_period_id for each in contracts}
            missing = set(row.years) - has
            for year in missing:
                ActiveLeadProvider.create(lead_provider=provider, contract_period=year)
            changes: Changes = {"years": (joined(sorted(has)), joined(sorted(has | missing)))} if missing else {}
            if row.contact_email:
                changes |= update(provider, {"contact_email": row.contact_email})
            if changes:
                report.done(row, changes, is_new=is_new)
            if more := has - set(row.years):
                report.leave(row, "years", f"It also keeps {joined(sorted(more))}: a file takes no contract away")


# --- delivery partners -----------------------------------------------------------------------------------------


class DeliveryPartnerRow(Row):
    name: Name = column("the delivery partner’s name, and what it is known by", required=True)
    lead_provider: Name = column("with whom it may work. With two of them, it has two lines", required=True)
    years: Years = column("in which contract periods", required=True)


class DeliveryPartners(Kind[DeliveryPartnerRow]):
    name, title = "delivery-partners", "delivery partners with their lead providers"
    row = DeliveryPartnerRow
    example = """\
name,lead_provider,years
Alpha Teaching School Hub,Ambition Institute,{last} {this}
Alpha Teaching School Hub,Teach First,{this}
"""

    def key(self, row: DeliveryPartnerRow) -> str:
        return f"{row.name.casefold()}\n{row.lead_provider.casefold()}"

    def bring_in(self, rows: list[DeliveryPartnerRow], report: Import) -> None:
        there = {each.name.casefold(): each for each in DeliveryPartner.select()}
        contracts = active_lead_providers()
        for row in rows:
            active = contracts.get(row.lead_provider.casefold())
            if not active:
                names = sorted(provider.name for provider in LeadProvider.select())
                report.refuse(row, "lead_provider", f"a lead provider: {joined(names)}")
            elif unknown := set(row.years) - active.keys():
                words = f"years in which {row.lead_provider} has a contract: {joined(sorted(active))}"
                report.refuse(row, "years", f"{words}. Without {joined(sorted(unknown))}")
            else:
                partner = there.get(row.name.casefold()) or DeliveryPartner.create(name=row.name)
                there[row.name.casefold()] = partner
                self._pair(row, partner, active, report)

    def _pair(
        self,
        row: DeliveryPartnerRow,
        partner: DeliveryPartner,
        contracts: dict[int, ActiveLeadProvider],
        report: Import,
    ) -> None:
        """`contracts`: those of the lead provider, by year."""
        pairs = DeliveryPartnership.select().where(DeliveryPartnership.delivery_partner == partner)
        paired = {pair.active_lead_provider_id for pair in pairs}
        has = {year for year, active in contracts.items() if active.id in paired}
        if missing := set(row.years) - has:
            for year in missing:
                DeliveryPartnership.create(active_lead_provider=contracts[year], delivery_partner=partner)
            update(partner, {"api_updated_at": updated_at()})
            years = joined(sorted(has)), joined(sorted(has | missing))
            report.done(row, {"years": years}, is_new=not has)


# --- appropriate bodies ----------------------------------------------------------------------------------------


class AppropriateBodyRow(Row):
    name: Name = column("the name that everybody is shown, and what it is known by", required=True)
    body_type: choice(*BODY_TYPES) = column("what kind of body it is", required=True)


class AppropriateBodies(Kind[AppropriateBodyRow]):
    name, title = "appropriate-bodies", "appropriate bodies"
    row = AppropriateBodyRow
    example = """\
name,body_type
Beacon Teaching School Hub,teaching_school_hub
National Induction Panel,national
"""

    def key(self, row: AppropriateBodyRow) -> str:
        return row.name.casefold()

    def bring_in(self, rows: list[AppropriateBodyRow], report: Import) -> None:
        there = {each.name.casefold(): each for each in AppropriateBody.select()}
        for row in rows:
            body = there.get(row.name.casefold())
            if not body:
                there[row.name.casefold()] = AppropriateBody.create(name=row.name, body_type=row.body_type)
                report.done(row, is_new=True)
            elif changes := update(body, {"body_type": row.body_type}):
                report.done(row, changes)
