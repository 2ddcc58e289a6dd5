"""Two senders of emails are killed (kill -9) again and again while schools wait to be told. None of the messages is
lost, and at most one goes twice, to a server that behaves as GOV.UK Notify's API is documented."""

import argparse
import multiprocessing
import random
import time
from collections import Counter
from datetime import date, datetime, timedelta

import scenarios
from clock import LONDON, OWN, World, clock_at, entered
from database import db, open_database
from domain import messages, notices, reports
from models import (
    ActiveLeadProvider,
    ContractPeriod,
    DeliveryPartner,
    LeadProvider,
    Message,
    Notice,
    Participant,
    School,
    SchoolPartnership,
)
from tests import mail
from tests.bench.place import Place, place
from web import emails

WITHDRAWN_AT = datetime(2026, 4, 20, 10, tzinfo=LONDON)
ROUND = timedelta(minutes=6)
"""By the senders' clock. What somebody had in hand who was killed is free again then."""
KILLED = 80
"""Rounds in which senders are killed, at most: after that they finish."""
AMBITION = "Ambition Institute"
CONFIG = {"SERVICE_URL": "https://ects.example.org", "EMAIL_NAMES": False}

processes = multiprocessing.get_context("forkserver")
# So that a sender begins at once.
processes.set_forkserver_preload(["tests.bench.place", "tests.mail"])


def send(address: str, url: str, moment: datetime, without: str) -> None:
    """What `flask notices send` does, at this moment; `without` what makes it safe, in a control."""
    means = emails.Notify(mail.NOTIFY_KEY, mail.TEMPLATE_ID, url)
    if without == "reference":
        means.has_sent = lambda _: False
    if without == "order":
        claim = messages.claim_next

        def already_sent(compose):
            if claimed := claim(compose):
                Message.update(sent_at=moment).where(Message.id == claimed[0].id).execute()
            return claimed

        messages.claim_next = already_sent
    db.initialize(open_database(address))
    with entered(World(OWN)), clock_at(moment), db.connection_context():
        notices.send(means, CONFIG)


def withdraw_at_many_schools(where: Place, many: int) -> None:
    """One ECT at each of so many schools; what happened before, everybody knows."""
    with where.looked_at():
        Notice.delete().execute()
        provider = LeadProvider.get(name=AMBITION)
        active = ActiveLeadProvider.get(lead_provider=provider, contract_period=ContractPeriod.get_by_id(2025))
        partner = DeliveryPartner.select().first()
        with db.atomic():
            for number in range(many):
                tutor = f"tutor{number}@example.org"
                school = School.create(urn=str(700000 + number), name=f"School {number}", induction_tutor_email=tutor)
                SchoolPartnership.create(school=school, active_lead_provider=active, delivery_partner=partner)
                row = {"name": f"Ada Drill{number}", "trn": str(5000000 + number), "email": f"ada{number}@example.org"}
                training = {"lead_provider": AMBITION, "year": 2025}
                scenarios.load_participant(school, "ect", row | {"started_on": date(2025, 9, 1), "training": training})
        with clock_at(WITHDRAWN_AT):
            for ect in Participant.select().join(School).where(School.urn.startswith("700")).order_by(Participant.id):
                reports.withdraw(provider, ect.teacher, course_identifier="ecf-induction", reason="other")


def drill(engine: str = "sqlite", many: int = 500, without: str = "") -> str:
    with place(engine) as where, mail.notify() as server:
        withdraw_at_many_schools(where, many)
        chance, killed, begun = random.Random(1), 0, time.monotonic()
        moment, last = WITHDRAWN_AT + notices.QUARTER, WITHDRAWN_AT + notices.QUARTER + KILLED * ROUND
        while not is_finished(where):
            senders = [
                processes.Process(target=send, args=(where.address, server.url, moment, without)) for _ in range(2)
            ]
            for sender in senders:
                sender.start()
            for sender in senders if moment < last else ():
                sender.join(chance.uniform(0.2, 1.5))
                killed += sender.exitcode is None
                sender.kill()
            for sender in senders:
                sender.join()
            time.sleep(0.1)  # what was on its way arrives
            moment += ROUND
        taken = Counter(each["email_address"] for each in server.taken)
        lost = [number for number in range(many) if f"tutor{number}@example.org" not in taken]
        twice = sum(count - 1 for count in taken.values())
        if without == "order":
            assert lost, "a control that lost nothing shows nothing"
        elif without:
            assert twice, "a control in which none went twice shows nothing"
        else:
            assert not lost, lost
            assert twice <= 1, taken.most_common(5)
            assert not (found := where.faults()), found
        assert len(taken) + len(lost) == many, "somebody else was told"
        how = f" (control: without {without})" if without else ""
        return (
            f"{engine}: {many} schools told by two senders, killed {killed} times{how}: {len(lost)} messages lost, "
            f"{twice} sent twice, {time.monotonic() - begun:.0f} s"
        )


def is_finished(where: Place) -> bool:
    with where.looked_at():
        is_told = not notices.unsettled().where(Notice.kind != "reminder").exists()
        return is_told and not messages.waiting().exists()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer messages, and one control")
    many = 60 if parser.parse_args().short else 500
    for engine in ("sqlite", "postgresql"):
        print(drill(engine, many))
        print(drill(engine, many, without="reference"))
        print(drill(engine, many, without="order"))


if __name__ == "__main__":
    main()
