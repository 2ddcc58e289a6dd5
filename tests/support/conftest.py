"""The service with support switched on, and who meets there: somebody of support, schools, lead providers' software."""

import pytest

from app import create_app
from domain.changes import Support
from models import SupportUser
from support import users
from tests.visitor import Visitor

GRACE = "grace.obi@example.org"


class SupportVisitor(Visitor):
    """Somebody of support, who may see why a lead provider withdrew somebody."""

    sees_motives = True


@pytest.fixture(scope="session")
def support_app():
    return create_app(
        DATABASE_URL="sqlite:///:memory:",
        SECRET_KEY="only for tests, and long enough",
        DEMO=True,
        SUPPORT=True,
        TESTING=True,
        PROPAGATE_EXCEPTIONS=False,
        IDLE_MINUTES=10**6,
        SIGN_IN_HOURS=10**6,
    )


@pytest.fixture
def served(support_app, world):
    """The app on the demo world's database, with Grace Obi let in."""
    users.allow(GRACE, "Grace Obi")
    return support_app


@pytest.fixture
def grace(served) -> SupportVisitor:
    """Signed in."""
    return SupportVisitor(served).get("/support/sign-in").choose("Grace Obi", "Sign in")


@pytest.fixture
def author(world) -> Support:
    """Grace, as the author of acts."""
    users.allow(GRACE, "Grace Obi")
    return Support(SupportUser.get(email=GRACE))
