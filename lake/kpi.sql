-- The KPIs of the domain handbook §2.3 over the view `calls`: integers only, each ratio as numerator and denominator.
-- Nothing here is peculiar to one engine.

-- T and S; replace the view to use others.
CREATE OR REPLACE TEMPORARY VIEW thresholds AS
SELECT 20000 AS threshold_ms, 5000 AS short_abandon_ms;

-- The population: calls that reached the human queue and left it answered or abandoned.
CREATE OR REPLACE TEMPORARY VIEW offered AS
SELECT * FROM calls WHERE NOT is_test AND outcome IN ('answered', 'abandoned');

-- A, a, B, b, s by quarter of an hour of the offered time; quarters without calls have no row and no value.
CREATE OR REPLACE TEMPORARY VIEW intervals AS
SELECT
    source, day, local_quarter, call_type,
    SUM(CASE WHEN outcome = 'answered' THEN 1 ELSE 0 END) AS answered,
    SUM(CASE WHEN outcome = 'answered' AND wait_ms <= threshold_ms THEN 1 ELSE 0 END) AS answered_within,
    SUM(CASE WHEN outcome = 'abandoned' THEN 1 ELSE 0 END) AS abandoned,
    SUM(CASE WHEN outcome = 'abandoned' AND wait_ms <= threshold_ms THEN 1 ELSE 0 END) AS abandoned_within,
    SUM(CASE WHEN outcome = 'abandoned' AND wait_ms < short_abandon_ms THEN 1 ELSE 0 END) AS short_abandoned
FROM offered CROSS JOIN thresholds
GROUP BY source, day, local_quarter, call_type;

-- The six service levels and abandonment, by call type.
CREATE OR REPLACE TEMPORARY VIEW kpi_counts AS
SELECT
    call_type,
    SUM(answered) AS a, SUM(answered_within) AS aw, SUM(abandoned) AS b, SUM(abandoned_within) AS bw, SUM(short_abandoned) AS s
FROM intervals
GROUP BY call_type;

CREATE OR REPLACE TEMPORARY VIEW kpi_service_level AS
SELECT call_type, 'SL_ABANDON_POSITIVE' AS formula, aw + bw AS numerator, a + b AS denominator FROM kpi_counts
UNION ALL SELECT call_type, 'SL_ANSWERED_ONLY', aw, a FROM kpi_counts
UNION ALL SELECT call_type, 'SL_ABANDON_NEGATIVE', aw, a + b FROM kpi_counts
UNION ALL SELECT call_type, 'SL_ABANDON_IGNORED', aw, a + b - bw FROM kpi_counts
UNION ALL SELECT call_type, 'SL_SHORT_POSITIVE', aw + s, a + b FROM kpi_counts
UNION ALL SELECT call_type, 'SL_SHORT_EXCLUDED', aw, a + b - s FROM kpi_counts
UNION ALL SELECT call_type, 'ABANDONMENT', b - s, a + b - s FROM kpi_counts;

-- Sums that ASA and AHT come from, and the longest wait of anybody.
CREATE OR REPLACE TEMPORARY VIEW kpi_durations AS
SELECT
    call_type,
    SUM(CASE WHEN outcome = 'answered' THEN wait_ms END) AS answered_wait_ms,
    COUNT(CASE WHEN outcome = 'answered' THEN wait_ms END) AS answered_waits,
    MAX(wait_ms) AS longest_wait_ms,
    SUM(CASE WHEN outcome = 'answered' THEN handle_ms END) AS handle_ms,
    COUNT(CASE WHEN outcome = 'answered' THEN handle_ms END) AS handled
FROM offered
GROUP BY call_type;

-- One row for each offered contact: its legs count once.
CREATE OR REPLACE TEMPORARY VIEW contacts AS
SELECT
    source, day, contact, caller,
    MIN(offered_us) AS offered_us,
    MAX(CASE WHEN outcome = 'answered' THEN 1 ELSE 0 END) AS answered
FROM offered
GROUP BY source, day, contact, caller;

-- A call and its redials within 30 minutes of hanging up are one attempt.
CREATE OR REPLACE TEMPORARY VIEW kpi_attempts AS
SELECT
    COUNT(*) AS contacts,
    SUM(CASE WHEN caller IS NULL THEN 1 ELSE 0 END) AS without_caller,
    SUM(CASE WHEN redials = 0 THEN 1 ELSE 0 END) AS attempts,
    SUM(answered) AS served,
    SUM(CASE WHEN redials = 0 THEN answered ELSE 0 END) AS served_at_once,
    SUM(redials) AS redials
FROM (
    SELECT
        caller, answered,
        CASE WHEN caller IS NOT NULL AND former_answered = 0 AND offered_us - former_us <= 1800000000 THEN 1 ELSE 0 END AS redials
    FROM (
        SELECT
            caller, answered, offered_us,
            LAG(offered_us) OVER (PARTITION BY caller ORDER BY offered_us, contact) AS former_us,
            LAG(answered) OVER (PARTITION BY caller ORDER BY offered_us, contact) AS former_answered
        FROM contacts
    ) AS ordered
) AS marked;

-- Answered calls of known callers not followed by the same caller about the same type within 72 hours; those of the last
-- 72 hours are not known yet.
CREATE OR REPLACE TEMPORARY VIEW kpi_first_call AS
SELECT
    SUM(CASE WHEN offered_us < last_us - 259200000000 AND (next_us IS NULL OR next_us - offered_us > 259200000000) THEN 1 ELSE 0 END) AS numerator,
    SUM(CASE WHEN offered_us < last_us - 259200000000 THEN 1 ELSE 0 END) AS denominator,
    SUM(CASE WHEN offered_us < last_us - 259200000000 THEN 0 ELSE 1 END) AS not_yet
FROM (
    SELECT
        outcome, offered_us,
        LEAD(offered_us) OVER (PARTITION BY caller, COALESCE(call_type, '') ORDER BY offered_us, source_call_id) AS next_us
    FROM offered
    WHERE caller IS NOT NULL
) AS followed
CROSS JOIN (SELECT MAX(offered_us) AS last_us FROM offered) AS history
WHERE outcome = 'answered';
