"""What creditctl does: one file per use case.

A public function takes the Context and opens exactly one unit of work; a step that joins a
transaction takes the UnitOfWork as its first argument and never commits.
"""
