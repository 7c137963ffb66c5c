-- Up Migration
-- Cycles as billing opened them. The timetable itself is billing's; this is what was said and done about it.
create table app.billing_cycles (
  cycle text primary key,
  event_id text not null unique,
  closes_on text not null,
  opened_at timestamptz not null default clock_timestamp(),
  opened_by jsonb not null,
  closed_at timestamptz,
  -- what the cycle came to, written at its closing
  report jsonb
);

-- Numbered batches: frozen when billing first fetches them, so that fetching again gives the same
create table app.posting_batches (
  cycle text not null references app.billing_cycles,
  batch integer not null,
  frozen_at timestamptz not null,
  count integer not null,
  sum bigint not null,
  items jsonb not null,
  acknowledged_at timestamptz,
  primary key (cycle, batch)
);

alter table app.postings
  -- the batch of its present cycle that holds it; null while it is in none
  add column batch integer,
  -- end of the objection days of its cycle
  add column objection_ends_at timestamptz,
  add column reason text,
  add column times_late integer not null default 0,
  -- the acknowledgement that its status rests on: an earlier one that arrives later changes nothing
  add column outcome_seq bigint not null default 0;
create index on app.postings (cycle, posting) where status in ('waiting', 'late');

-- where a posting went from one cycle to another, and why: its history, and what K2 counts
create table app.posting_moves (
  posting text not null references app.postings,
  from_cycle text,
  to_cycle text,
  why text not null check (why in ('late', 'series')),
  at timestamptz not null default clock_timestamp(),
  unique nulls not distinct (posting, from_cycle, why)
);

-- what billing said, each time once by its event; the items are applied by the settlements themselves
create table app.acknowledgements (
  seq bigint generated always as identity unique,
  event_id text primary key,
  cycle text not null,
  batch integer not null,
  received_at timestamptz not null default clock_timestamp(),
  received_by jsonb not null,
  items jsonb not null,
  foreign key (cycle, batch) references app.posting_batches
);
