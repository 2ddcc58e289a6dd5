"""Schools as the register of all establishments has them (GIAS), and who may sign in for them."""

from collections.abc import Collection

from database import among
from domain.changes import updated_at
from filling.cells import Day, Email, Name, Urn, YesNo, cell
from filling.files import Unreadable, listed
from filling.imports import Import
from filling.kind import Kind, Row, column
from filling.organisations import update
from models import Event, Participant, School, SchoolPartnership, SchoolUser

OPEN = ("Open", "Open, but proposed to close")
STATUSES = (*OPEN, "Closed", "Proposed to open")


def status(text: str) -> str:
    known = {each.casefold(): each for each in STATUSES}
    if text.casefold() not in known:
        raise ValueError("")
    return known[text.casefold()]


Status = cell(status, "one of " + "; ".join(STATUSES))
Text = cell(lambda text: text, "words")
"""What is not kept."""


class SchoolRow(Row):
    urn: Urn = column("what the school is known by", title="URN", required=True)
    name: Name = column("its name", title="EstablishmentName", required=True)
    status: Status = column(
        "only open ones come in, those included that are proposed to close",
        title="EstablishmentStatus (name)",
        required=True,
    )
    type: Text = column(
        "what kind of establishment it is, for `--types`", title="TypeOfEstablishment (name)", required=True
    )
    closed_on: Day = column("when it closed, or will", title="CloseDate")


class Schools(Kind[SchoolRow]):
    """`types`: the only types of establishment that come in, as the register names them; all, if there are none."""

    name, title = "schools", "establishments"
    row = SchoolRow
    others_are_ignored = True
    mistaken = {"LinkURN": "These are the links between establishments. Download “Establishment fields CSV”."}
    example = """\
URN,EstablishmentName,EstablishmentStatus (name),TypeOfEstablishment (name)
900101,Applefield Primary School,Open,Community school
900102,Brook Lane Academy,Open,Academy converter
900103,Old Mill School,Closed,Community school
"""

    def __init__(self, types: Collection[str] = ()):
        self.types = {each.casefold(): each for each in types}
        self.seen: set[str] = set()

    def key(self, row: SchoolRow) -> str:
        return row.urn

    def bring_in(self, rows: list[SchoolRow], report: Import) -> None:
        found = School.select().where(School.urn << [row.urn for row in rows])
        there = {school.urn: school for school in found}
        new = []
        self.seen |= {row.type for row in rows}
        for row in rows:
            school, is_wanted = there.get(row.urn), not self.types or row.type.casefold() in self.types
            if row.status not in OPEN:
                if school:
                    self._close(row, school, report)
                else:
                    report.leave_out(row)
            elif not school and not is_wanted:
                report.leave_out(row)
            elif not school:
                new.append({"urn": row.urn, "name": row.name})
                report.done(row, is_new=True)
            elif school.name != row.name:
                report.done(row, update(school, {"name": row.name, "api_updated_at": updated_at()}))
        if new:
            moment = updated_at()
            School.insert_many([each | {"created_at": moment, "api_updated_at": moment} for each in new]).execute()

    def end(self) -> None:
        seen = {each.casefold() for each in self.seen}
        if unknown := [each for key, each in self.types.items() if key not in seen]:
            raise Unreadable(
                f"Nothing in it is of the type {listed(unknown)}. There are: {'; '.join(sorted(self.seen))}."
            )

    def _close(self, row: SchoolRow, school: School, report: Import) -> None:
        """A school that nothing is known of goes; any other one stays, and that is said."""
        is_known = [
            table.select().where(table.school == school).exists()
            for table in (Participant, SchoolUser, SchoolPartnership, Event)
        ]
        if not any(is_known):
            school.delete_instance()
            report.done(row, {"status": (OPEN[0], row.status)})
            return
        people = Participant.select().where(Participant.school == school).count()
        when = f" on {row.closed_on}" if row.closed_on else ""
        told = f"{people} {'person is' if people == 1 else 'people are'}" if people else "users or partnerships are"
        report.leave(row, "status", f"{school.name} stays, though it closed{when}: {told} recorded there")


class SchoolUserRow(Row):
    urn: Urn = column("the school that they act for", required=True)
    name: Name = column("their full name", required=True)
    email: Email = column("the address by which the provider of identities knows them", required=True)
    is_induction_tutor: YesNo = column("whether they are the school’s induction tutor. One of a school is")


class SchoolUsers(Kind[SchoolUserRow]):
    name, title = "school-users", "people who sign in for a school"
    row = SchoolUserRow
    example = """\
urn,name,email,is_induction_tutor
900101,Nina Fox,nina.fox@example.org,yes
900102,Omar Reed,omar.reed@example.org,yes
"""

    def key(self, row: SchoolUserRow) -> str:
        return f"{row.urn} {row.email.casefold()}"

    def group(self, row: SchoolUserRow) -> str:
        return row.urn

    def bring_in(self, rows: list[SchoolUserRow], report: Import) -> None:
        there = {school.urn: school for school in School.select().where(School.urn << [row.urn for row in rows])}
        ids = [school.id for school in there.values()]
        users = {
            (user.school_id, user.email.casefold()): user
            for user in SchoolUser.select().where(among(SchoolUser.school, ids)).order_by(SchoolUser.id.desc())
        }
        tutors: dict[str, SchoolUserRow] = {}
        for row in rows:
            if row.urn not in there:
                report.refuse(row, "urn", "a school that is here. Bring in schools first")
                continue
            if row.is_induction_tutor and (first := tutors.setdefault(row.urn, row)) is not row:
                report.refuse(row, "is_induction_tutor", f"no: line {first.line} names another one for this school")
                continue
            self._bring_in(row, there[row.urn], users, report)

    def _bring_in(self, row: SchoolUserRow, school: School, users: dict, report: Import) -> None:
        key = (school.id, row.email.casefold())
        user = users.get(key)
        if not user:
            users[key] = SchoolUser.create(school=school, name=row.name, email=row.email)
            report.done(row, is_new=True)
        elif user.subject is None and (changes := update(user, {"name": row.name})):
            report.done(row, changes)
        elif user.name != row.name:
            report.leave(row, "name", f"{user.name}, as the provider of identities has told us since")
        tutor = {"induction_tutor_name": row.name, "induction_tutor_email": row.email}
        if row.is_induction_tutor and any(getattr(school, name) != value for name, value in tutor.items()):
            changes = update(school, tutor | {"api_updated_at": updated_at()})
            names = changes.get("induction_tutor_name", (school.induction_tutor_name,) * 2)
            report.done(row, {"is_induction_tutor": names})
