"""Giving leads to the reps they suit: rows of weighted factors, charges that spread the load, reasons for everything.

    score(lead, rep) = Σ weight · factor - learned price - load charge - high-intent charge

over the reps that can have the lead now. `decide` is one decision, `score_backlog` what waits, `learn_prices` the
night, `optimum.best_assignment` hindsight, `replay` the proof.
"""

from bot.domain.leads.board import Board
from bot.domain.leads.engine import BacklogScores, assign_in_order, decide, explain, score_backlog
from bot.domain.leads.fairness import gini, gini_per_capacity
from bot.domain.leads.policy import Charge, Dimension, Policy, Reading, Scale, ScaleKind, default_policy
from bot.domain.leads.pricing import History, learn_prices
from bot.domain.leads.replay import (
    Candidate,
    Snapshot,
    explanation_from_json,
    explanation_to_json,
    replay,
    snapshot,
)
from bot.domain.leads.roster import LabelTable, Learned, Roster, Standing
from bot.domain.leads.values import Contribution, Decision, DutyHours, Explanation, Lead, Reason, Rep

__all__ = [
    "BacklogScores", "Board", "Candidate", "Charge", "Contribution", "Decision", "Dimension", "DutyHours",
    "Explanation", "History", "LabelTable", "Lead", "Learned", "Policy", "Reading", "Reason", "Rep", "Roster", "Scale",
    "ScaleKind", "Snapshot", "Standing", "assign_in_order", "decide", "default_policy", "explain",
    "explanation_from_json", "explanation_to_json", "gini", "gini_per_capacity", "learn_prices", "replay",
    "score_backlog", "snapshot",
]  # fmt: skip
