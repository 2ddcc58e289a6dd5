"""The kinds of file that can be brought in, in the order in which a new service needs them."""

from filling.kind import Kind
from filling.organisations import AppropriateBodies, ContractPeriods, DeliveryPartners, LeadProviders
from filling.people import People
from filling.schools import Schools, SchoolUsers

KINDS: dict[str, type[Kind]] = {
    kind.name: kind
    for kind in (ContractPeriods, LeadProviders, DeliveryPartners, AppropriateBodies, Schools, SchoolUsers, People)
}
