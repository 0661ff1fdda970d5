"""The last statement of a unit of work, in one round trip: what goes out with its jobs, the audit's lines, "handled".

Jobs are written as Procrastinate's own `defer` writes them, or as begun by `worker` (store/claims.py) where nothing
to the same recipients is waiting or under way. Gives (outbox_id, position, job if begun here) of each row that is new.
"""

from __future__ import annotations

from sqlalchemy import text

CLOSING = text("""
WITH wanted AS (
    SELECT nextval(pg_get_serial_sequence('outbox', 'outbox_id')) AS outbox_id, r.* FROM (
        SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(channel text, recipients text[],
             conversation_id text, content jsonb, card_id text, interactive boolean, dedup_key text, inbox_id bigint,
             position int, settled boolean, lock text, not_before timestamptz) ORDER BY position) AS r
), hung AS (
    INSERT INTO cards (card_id, channel, recipients, conversation_id, settled)
    SELECT card_id, channel, recipients, conversation_id, settled FROM wanted WHERE settled IS NOT NULL
    ON CONFLICT (card_id) DO NOTHING
), fresh AS (
    INSERT INTO outbox (outbox_id, channel, recipients, conversation_id, content, card_id, interactive, dedup_key,
                        inbox_id)
    OVERRIDING SYSTEM VALUE
    SELECT outbox_id, channel, recipients, conversation_id, content, card_id, interactive, dedup_key, inbox_id
    FROM wanted
    ON CONFLICT (dedup_key) DO NOTHING
    RETURNING outbox_id
), told AS (
    INSERT INTO audit (what, subject, employee_no, channel, message_id, details)
    SELECT what, subject, employee_no, channel, message_id, details
    FROM jsonb_to_recordset(CAST(:lines AS jsonb))
         AS r(what text, subject text, employee_no text, channel text, message_id text, details jsonb)
), done AS (
    UPDATE inbox SET state = 'handled', handled_at = clock_timestamp() WHERE inbox_id = CAST(:handled AS bigint)
), due AS (
    SELECT wanted.*, jsonb_build_object('outbox_id', outbox_id) AS args,
           not_before IS NULL AND row_number() OVER (PARTITION BY lock ORDER BY position) = 1 AS first
    FROM fresh JOIN wanted USING (outbox_id)
), begun AS (
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, worker_id)
    SELECT 'deliver', 'deliver', lock, args, 'doing', worker.id
    FROM due JOIN procrastinate_workers AS worker ON worker.id = CAST(:worker AS bigint)
    WHERE first AND NOT EXISTS (SELECT FROM procrastinate_jobs AS earlier
                                WHERE earlier.lock = due.lock AND earlier.status IN ('todo', 'doing'))
    ORDER BY lock
    ON CONFLICT (lock) WHERE status = 'doing' DO NOTHING
    RETURNING id, args
), queued AS (
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, scheduled_at)
    SELECT 'deliver', 'deliver', lock, args, not_before
    FROM due WHERE args NOT IN (SELECT args FROM begun) ORDER BY position
)
SELECT due.outbox_id, due.position, begun.id FROM due LEFT JOIN begun USING (args)
""")
