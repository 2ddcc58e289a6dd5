"""Research with school users: rounds of sessions, each session in sandboxes of its own. Only research/console imports
this package, and the app imports that only where RESEARCH is set."""
