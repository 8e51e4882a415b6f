"""Attacks on a real server over real sockets, while two people talk and lose nothing.

Each attack is made by a program of its own (`attackers`), so that it does not slow down those who
talk and measure. How much of it there is says `scale.SCALE`; CONTRIBUTING.md says how to have all.
"""
