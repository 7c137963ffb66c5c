-- Up Migration
-- What a supervisor accepted for a settlement. It may come before the settlement is on record, so it is no foreign key.
create table app.overrides (
  settlement_id text not null,
  code text not null,
  -- the figure that was refused; null when none was on record: then it holds for any
  reading bigint,
  reason text not null,
  by jsonb not null,
  role text not null,
  at timestamptz not null default clock_timestamp(),
  unique nulls not distinct (settlement_id, code, reading)
);
