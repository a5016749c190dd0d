"""
Decider: what is asked of procrastinate's tables besides what procrastinate asks itself.

Rows are ended and given back by its own functions, but only by the one that holds them.
"""

from __future__ import annotations

_HELD = """
WITH held AS MATERIALIZED (
    SELECT id, lock FROM procrastinate_jobs
    WHERE id = %(row_id)s AND attempts = %(attempts)s AND status = 'doing' FOR UPDATE
)
"""
FINISH = (
    _HELD
    + """
SELECT procrastinate_finish_job_v1(id, %(status)s::procrastinate_job_status, %(delete_job)s)
FROM held
"""
)
"""End a row that is still held."""
RETRY = (
    _HELD
    + """
SELECT procrastinate_retry_job_v2(
    id, NULL::timestamptz, %(priority)s::integer, NULL::varchar, NULL::varchar
) FROM held
"""
)
"""
Give back a row that is still held; its attempts go up, which are its fence.

Of a dead worker's row the priority says how often it was so; NULL leaves it as it is.
"""
HOLD_BACK = (
    _HELD
    + """
SELECT procrastinate_retry_job_v2(
    held.id,
    LEAST(
        now() + make_interval(secs => %(for_s)s),
        CASE WHEN job.deadline_at > now()
            THEN job.deadline_at + make_interval(secs => %(late_s)s) END
    ),
    %(priority)s::integer, NULL::varchar, NULL::varchar
) FROM held LEFT JOIN job ON job.job_id = held.lock
"""
)
"""The same of a dead worker's row, for later: just after its job's deadline at the latest."""
COUNT_HELD_BACK = """
SELECT count(*) AS rows FROM procrastinate_jobs
WHERE status = 'todo' AND priority < 0 AND scheduled_at > now()
"""
"""How many rows wait because those who held them died."""
BEAT = """
SELECT procrastinate_update_heartbeat_v1(id) FROM procrastinate_workers WHERE id = %(worker_id)s
"""
"""Note a sign of life of a worker that is not removed yet."""
QUEUED = """
SELECT lock FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND lock = ANY(%(job_ids)s)
"""
"""Which of these jobs have a row."""
STRAYS = """
SELECT id, status, task_name, priority, lock, queueing_lock, args, scheduled_at, queue_name,
    attempts, worker_id
FROM procrastinate_jobs
WHERE worker_id = %(worker_id)s AND status = 'doing' AND NOT id = ANY(%(row_ids)s::bigint[])
"""
"""The rows that are down to a worker, but for those that it knows of."""
TELL = """
WITH due AS (
    UPDATE procrastinate_jobs SET scheduled_at = NULL
    WHERE status = 'todo' AND priority < 0 AND scheduled_at > now() AND lock = ANY(%(job_ids)s)
)
SELECT pg_notify(%(channel)s, job_id) FROM unnest(%(job_ids)s::text[]) AS job_id
"""
"""A job of which somebody wishes something is held back no longer: Cancel must not wait for it."""
