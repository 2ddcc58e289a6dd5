"""A session that the participant takes on their own, by a link. It goes through the states through which a moderator
leads others: only who says so is another."""

from collections.abc import Callable

from research import sandboxes, sessions
from research.models import SUCCESSES, Session, Task
from research.sessions import NotNow, step


def find(link: str) -> Session | None:
    """The session to whose participant this link was sent, whatever its state."""
    is_unused = (Session.token == link) & Session.used_link.is_null()
    return Session.get_or_none((Session.used_link == link) | is_unused)


def begin(session: Session, browser: str, consent: str) -> None:
    """The participant consents or refuses, in the browser that has this token: from now on the link is that browser's
    alone. Whoever refuses is done."""
    with step(session, "ready") as current:
        if current.used_link:
            raise NotNow("The link was opened in another browser.")
        current.used_link, current.token, current.consent = current.token, browser, consent
        sessions.make(current.task)
    if consent == "refused":
        sessions.end(session)
        sandboxes.remove(sandboxes.folder_of(session))


def say(task: Task, is_done: bool, propose: Callable[[Task], str | None]) -> None:
    """The participant says that they have done the task, or cannot. It ended as the machine proposes, unless that is
    for a person to tell: because something is to be judged, or because the participant says otherwise."""
    sessions.close(task, propose)
    current = Task.get_by_id(task.id)
    agrees = current.proposed == "wrong" or is_done == (current.proposed in SUCCESSES)
    is_told = current.proposed and agrees and not current.said.judged
    columns = {"said_done": is_done} | ({"outcome": current.proposed, "is_assisted": False} if is_told else {})
    is_first = (Task.id == task.id) & (Task.state == "closed") & Task.said_done.is_null()
    Task.update(columns).where(is_first).execute()


def go_on(task: Task, ease: int | None) -> None:
    """From a task that is closed to the one after it, which is not open yet, or to the end."""
    with step(task.session, "running") as session:
        if session.task_now != task.position or Task.get_by_id(task.id).state != "closed":
            return
        is_last = task.position + 1 == len(session.in_order)
        session.task_now += not is_last
    if ease:
        sessions.rate(task, ease)
    if is_last:
        sessions.end(session)
