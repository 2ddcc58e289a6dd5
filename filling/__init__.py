"""Real schools, people and contracts come in by files: `flask import` and `flask export`.

files.py reads a file as rows, cells.py says what may stand in a cell, imports.py brings the rows in, all or none. What
there is to bring is a table, KINDS in kinds.py: one more kind is a class in a file beside it, and a line there.
"""
