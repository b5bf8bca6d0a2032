"""One playbook and one engagement on its way, for all tests of the second wing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from proofs import DAY

from uptake.guide.engagement import Decision, Engagement, Intent, Person
from uptake.guide.playbook import Playbook, load_playbook


@pytest.fixture(scope="session")
def playbook() -> Playbook:
    return load_playbook()


@pytest.fixture
def silent() -> Engagement:
    """A customer of whom nobody knows yet what it wants."""
    people = (Person("Frieda", "FE"), Person("Max", "FM"), Person("Ito", "CUSTOMER-IT"))
    return Engagement("e1", "Contoso", "commercial", "opp-standalone", "2020-04-30", DAY, people=people)


@pytest.fixture
def started(silent: Engagement) -> Engagement:
    """A customer that means to deploy."""
    decision = Decision("update channel", "Monthly Enterprise", "predictable", "Ito", DAY)
    return replace(silent, intent=Intent(True, DAY, "Ito"), decisions=(decision,))
