"""The rules, and the acts, which alone change something: of schools (training.py, participants.py, departures.py), of
lead providers (reports.py, partnerships.py), of support (corrections.py, identities.py, arrangements.py), and of the
service itself for what files bring (registrations.py). What all of them have in common is in changes.py."""
