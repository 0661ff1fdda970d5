"""What Prometheus may ask: ages, depths, retries, reconnects."""

from __future__ import annotations

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600)

CALLBACKS = Counter("salesbot_callbacks_total", "Callbacks by channel and outcome", ["channel", "outcome"])
ACK_SECONDS = Histogram("salesbot_ack_seconds", "Callback in to answer out", ["channel"], buckets=_FAST)
HANDLED = Counter(
    "salesbot_messages_handled_total", "Messages by channel, kind and outcome", ["channel", "kind", "outcome"]
)
HANDLING_SECONDS = Histogram("salesbot_handling_seconds", "Taken from the inbox to committed", buckets=_FAST)
MESSAGE_AGE = Histogram("salesbot_message_age_seconds", "Received to handled", ["channel"], buckets=_SLOW)
DELIVERED = Counter("salesbot_deliveries_total", "Attempts to send by channel and outcome", ["channel", "outcome"])
DELIVERY_SECONDS = Histogram(
    "salesbot_delivery_seconds", "Put into the outbox to taken by the platform", ["channel"], buckets=_SLOW
)
LIMITER_WAITS = Counter("salesbot_limiter_waits_total", "Sends held back by a rate limit", ["channel"])
TOKEN_REFRESHES = Counter("salesbot_token_refreshes_total", "Access tokens fetched", ["channel"])
STREAM_RECONNECTS = Counter("salesbot_stream_reconnects_total", "DingTalk Stream connections opened again")
JOB_RUNS = Counter("salesbot_job_runs_total", "Scheduled jobs by name and outcome", ["job", "outcome"])
INBOX_WAITING = Gauge("salesbot_inbox_waiting", "Messages stored and not yet handled")
INBOX_OLDEST_SECONDS = Gauge("salesbot_inbox_oldest_seconds", "Age of the oldest of them")
OUTBOX_WAITING = Gauge("salesbot_outbox_waiting", "Outgoing messages not yet taken by a platform")
OUTBOX_OLDEST_SECONDS = Gauge("salesbot_outbox_oldest_seconds", "Age of the oldest of them")
OUTBOX_FAILED = Gauge("salesbot_outbox_failed", "Outgoing messages given up")
QUOTA_USED = Gauge("salesbot_quota_used", "Calls this month", ["key"])

registry = REGISTRY
