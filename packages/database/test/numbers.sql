-- Doubles a number.
-- name: double
SELECT :number::int * 2 AS twice_it;

-- name: dates
SELECT to_timestamp(:seconds::float8) AS first_at, NULL::text AS no_name; -- not :a parameter

-- name: nap
SELECT :divisor::int / :divisor::int AS quotient FROM pg_sleep(:seconds::float8);
