"""Anything in any address, by those whom only the research side lets in."""

import pytest

from clock import OWN, World, entered
from database import db
from domain import maintenance
from tests.reports import dump
from tests.research.conftest import again
from tests.test_fuzz import try_any_address
from tests.test_house import rules


@pytest.mark.parametrize("who", ["moderator", "participant"])
def test_anything_in_any_address(research, moderator, held, begun, who):
    session, window = begun("S01") if who == "participant" else (held("S01"), moderator)
    before_it = again(session).state
    patterns = [rule.rule for rule in rules(research)]
    with entered(World(OWN)), db.connection_context():
        before = dump()
    try_any_address(window, patterns)
    with entered(World(OWN)), db.connection_context():
        assert dump() == before
        assert not maintenance.data_faults()
    assert again(session).state == before_it
