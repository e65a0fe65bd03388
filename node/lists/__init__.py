"""Lists of pupils as schools send them: the template, what is wrong in each row, and the same sheet with the answer.

Promises: pure functions over files, without database, network and clock. A list is taken as a whole or refused as a
whole; a row is taken or refused with a reason. Nothing is ever taken from a place that is in doubt: no formula, no
merged cell, no number that a spreadsheet has changed. Everything that a file may bring has a limit (`limits.py`).
No repr shows what stands in a cell. docs/schools.md tells the whole of it.
"""

__all__: list[str] = []
