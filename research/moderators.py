"""Who moderates: staff whose names and sign-ins are in the store of studies. What their pages are is in
research/console/."""

from datetime import timedelta

from domain.sign_ins import Timeouts
from domain.staff import Staff
from research.models import ModeratorSignIn

MODERATORS = Staff(ModeratorSignIn.moderator, Timeouts(idle=timedelta(hours=2), absolute=timedelta(hours=12)))
