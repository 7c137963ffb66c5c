-- Up Migration
-- Histories of ended workflows, kept beyond the retention of Temporal's namespace: as Temporal had them, payloads encrypted.
create table app.histories (
  run_id text primary key,
  workflow_id text not null,
  -- the settlement that the workflow's id names; null: the workflow belongs to no single one
  settlement_id text,
  type text not null,
  -- how the run ended, in Temporal's words
  status text not null,
  started_at timestamptz(3) not null,
  closed_at timestamptz(3) not null,
  events integer not null check (events > 0),
  -- the encryption keys without which it cannot be read
  key_ids text[] not null,
  -- Temporal's JSON of a history, gzip; null: erased with a person's data
  history bytea,
  kept_at timestamptz(3) not null default clock_timestamp()
);
-- it is already compressed
alter table app.histories alter column history set storage external;
create index histories_workflow on app.histories (workflow_id, closed_at);
create index histories_settlement on app.histories (settlement_id) where settlement_id is not null;
create index histories_closed on app.histories (closed_at, run_id);

-- The time up to which all ended workflows are kept: an export continues from the latest.
create table app.history_exports (
  until timestamptz(3) primary key,
  done_at timestamptz(3) not null default clock_timestamp()
);
