"""The review of migrations that a machine can do (ROVN-MIG-4); not part of the image.

It reads the text with PostgreSQL's own parser, names the PHI columns that a migration touches and
does not declare, and sees to it that two engineers must look.
"""
