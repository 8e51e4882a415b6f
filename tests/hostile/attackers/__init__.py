"""The attackers, each a program: `python -m tests.hostile.attackers.KIND OPTIONS`.

OPTIONS is a JSON object. They tell figures on standard output, one JSON object a line, and end when
their standard input does. They know nothing but the wire.
"""
