"""What changes something, and nothing else does: the acts of schools (training.py, participants.py, departures.py) and
of lead providers (reports.py, partnerships.py). What all of them have in common is in changes.py."""
