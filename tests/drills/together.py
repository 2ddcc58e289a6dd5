"""Two people of a school and a lead provider act on one record at the same moment, and a button is pressed twice at
once. What happens is one after the other; whoever comes second is told, and nothing is there twice."""

import argparse
import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

from models import Event, LeadProvider, Participant, Teacher
from tests.bench.place import COLLEAGUE, Place, place, same, signed_in
from tests.bench.visitor import Visitor

MOST_MILLISECONDS_APART = 30
"""A provider's request is answered sooner than a page: so that each may come first."""


def drill(engine: str = "sqlite", rounds: int = 1000, presses: int = 500) -> str:
    with place(engine, ects=rounds + presses) as where, where.served() as service:
        with where.looked_at():
            ids = {provider.name: provider.id for provider in LeadProvider.select()}
            api_ids = {
                each.id: str(each.teacher.api_id) for each in Participant.select(Participant, Teacher).join(Teacher)
            }
        naomi, nadia = signed_in(service.port), signed_in(service.port, COLLEAGUE)
        outcomes, doubles = Counter(), Counter()
        with ThreadPoolExecutor(3) as threads:
            for participant_id in where.ects[:rounds]:
                to_press(naomi, participant_id, ids["Teach First"])
                to_press(nadia, participant_id, ids["UCL Institute of Education"])
                withdraw = Provider(
                    service.port, api_ids[participant_id], where.tokens[participant_id % len(where.tokens)]
                )
                answers = at_once(threads, lambda: press(naomi), lambda: press(nadia), withdraw)
                outcomes[", ".join(answers)] += 1
            for participant_id in where.ects[rounds:]:
                to_press(naomi, participant_id, ids["Teach First"])
                twice = same(naomi)
                twice.path = naomi.path
                doubles[", ".join(at_once(threads, lambda: press(naomi), lambda: press(twice)))] += 1  # noqa: B023
        check(where, rounds, outcomes, doubles)
        told = "; ".join(f"{outcome}: {times}" for outcome, times in outcomes.most_common())
        return (
            f"{engine}: {rounds} rounds of two people and a provider ({told}), "
            f"{presses} buttons pressed twice at once: {presses} changes"
        )


def to_press(visitor: Visitor, participant_id: int, lead_provider_id: int) -> None:
    """As far as "check answers"."""
    journey = f"/school/ects/{participant_id}/change-lead-provider"
    visitor.get(f"{journey}/lead-provider")
    visitor.post(f"{journey}/lead-provider", visitor.form | {"lead_provider_id": str(lead_provider_id)})
    visitor.expect("Confirm change")
    visitor.path = f"{journey}/check-answers"


def press(visitor: Visitor) -> str:
    visitor.post(visitor.path, visitor.form)
    if visitor.status == 409:
        visitor.expect("record has changed", status=409)
        return "told"
    assert visitor.path.endswith("/confirmation"), visitor.path
    visitor.expect()
    return "done"


class Provider:
    """Withdraws somebody by the API."""

    def __init__(self, port: int, api_id: str, token: str):
        self.port, self.api_id = port, api_id
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def __call__(self) -> str:
        attributes = {"reason": "other", "course_identifier": "ecf-induction"}
        body = json.dumps({"data": {"type": "participant-withdraw", "attributes": attributes}})
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("PUT", f"/api/v3/participants/{self.api_id}/withdraw", body, self.headers)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        assert answer.status in (200, 422), (answer.status, said)
        return "done" if answer.status == 200 else "told"


def at_once(threads: ThreadPoolExecutor, *acts) -> list[str]:
    ready = threading.Barrier(len(acts))

    def act(each):
        ready.wait(60)
        time.sleep(random.uniform(0, MOST_MILLISECONDS_APART / 1000))
        return each()

    return [future.result() for future in [threads.submit(act, each) for each in acts]]


def check(where: Place, rounds: int, outcomes: Counter, doubles: Counter) -> None:
    assert set(outcomes) <= {"done, told, done", "told, done, done", "told, told, done"}, outcomes
    assert set(doubles) == {"done, done"}, doubles
    with where.looked_at():
        for number, participant_id in enumerate(where.ects):
            events = Event.select().where(Event.participant == participant_id)
            by_school = sum(event.author_type == "school_user" for event in events)
            assert by_school == 1 if number >= rounds else by_school <= 1
        done = sum(times for outcome, times in outcomes.items() if outcome.count("done") == 2)
        chosen = Event.select().where(
            Event.event_type == "teacher_training_lead_provider_updated", Event.participant << where.ects[:rounds]
        )
        assert chosen.count() == done, (chosen.count(), done)
    assert not (found := where.faults()), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--presses", type=int, default=500)
    arguments = parser.parse_args()
    for engine in ("sqlite", "postgresql"):
        print(drill(engine, arguments.rounds, arguments.presses))


if __name__ == "__main__":
    main()
