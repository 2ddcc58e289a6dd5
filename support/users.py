"""Who of support is let in: staff (domain/staff.py)."""

from datetime import timedelta

from clock import now
from domain.sign_ins import UNFINISHED_ANSWERS_KEPT, Identity, Timeouts
from domain.staff import Staff
from models import SupportUser
from support.models import SupportAnswers, SupportSignIn


class SupportStaff(Staff):
    def vouched_for(self, identity: Identity) -> SupportUser | None:
        """Their name becomes what the provider says now."""
        user = super().vouched_for(identity)
        if user:
            user.name = identity.name
            user.save(only=[SupportUser.name])
        return user

    def prune(self) -> None:
        super().prune()
        unfinished = (SupportAnswers.updated_at < now() - UNFINISHED_ANSWERS_KEPT) & SupportAnswers.event.is_null()
        SupportAnswers.delete().where(unfinished).execute()


TIMEOUTS = Timeouts(idle=timedelta(hours=1), absolute=timedelta(hours=12))
SUPPORT = SupportStaff(SupportSignIn.support_user, TIMEOUTS, SupportUser.is_allowed)


def allow(email: str, name: str | None = None) -> SupportUser:
    """Let whoever has this address in."""
    told = {"is_allowed": True} | ({"name": name} if name else {})
    SupportUser.insert(email=email.lower(), **told).on_conflict(
        conflict_target=[SupportUser.email], update={getattr(SupportUser, key): value for key, value in told.items()}
    ).execute()
    return SupportUser.get(SupportUser.email == email.lower())


def disallow(email: str) -> bool:
    """Let them in no more, and sign them out. Whoever has the address next is somebody else. Gives whether they were
    let in before."""
    user = SupportUser.get_or_none(SupportUser.email == email.lower(), SupportUser.is_allowed)
    if not user:
        return False
    SupportSignIn.delete().where(SupportSignIn.support_user == user).execute()
    user.is_allowed, user.subject = False, None
    user.save()
    return True
