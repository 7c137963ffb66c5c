-- Up Migration
-- The outbox to billing: cycles, postings, the batches that hold them, and billing's acknowledgements.

-- Cycles as billing opened them. billing.cycles is the timetable; this is what was reported and done about it.
create table app.billing_cycles (
  cycle text primary key,
  event_id text not null unique,
  closes_on text not null,
  opened_at timestamptz not null default clock_timestamp(),
  opened_by jsonb not null,
  closed_at timestamptz,
  -- totals of the cycle, written at its closing
  report jsonb
);

create table app.postings (
  posting text primary key,
  settlement_id text not null references app.settlements,
  kind text not null check (kind in ('fee','settlement','nameChange','difference')),
  revision integer not null,
  cycle text,
  due_on text,
  amount bigint not null,
  detail jsonb not null,
  status text not null check (status in ('waiting','handedOver','taken','refused','late','replaced','cancelled')),
  -- of the settlement, so that the indicators read one index
  office text not null,
  clerk text not null,
  -- the batch of its present cycle that holds it; null while it is in none
  batch integer,
  handed_over_at timestamptz,
  taken_at timestamptz,
  bill_serial text,
  name_on_bill text,
  -- end of the objection days of its cycle
  objection_ends_at timestamptz,
  reason text,
  times_late integer not null default 0,
  -- whether billing holds it: a frozen batch contained it and billing has not refused it since (domain/outbox/outbox.ts)
  held boolean not null default false
);
create index on app.postings (settlement_id);
create index on app.postings (cycle, status);
create index on app.postings (cycle, posting) where status in ('waiting', 'late');
-- what billing has not taken, by its last day
create index postings_unsent on app.postings ((coalesce(due_on, '9999/99/99') collate "C"), posting) where status in ('waiting', 'handedOver', 'late', 'refused');

create function app.know_settlement() returns trigger language plpgsql as $$
begin
  -- the settlement is there before: a posting is scheduled in a step of its own
  if new.office is null then
    select s.office, s.clerk into new.office, new.clerk from app.settlements s where s.id = new.settlement_id;
  end if;
  return new;
end $$;
create trigger know_settlement before insert on app.postings for each row execute function app.know_settlement();

-- Numbered batches: frozen when billing first fetches them, so that fetching again returns the same
create table app.posting_batches (
  cycle text not null references app.billing_cycles,
  batch integer not null,
  frozen_at timestamptz not null,
  count integer not null,
  sum bigint not null,
  items jsonb not null,
  -- when a central billing system that receives batches instead of fetching them was known to hold it
  submitted_at timestamptz,
  acknowledged_at timestamptz,
  primary key (cycle, batch)
);

-- Moves of a posting from one cycle to another, and why: its history, and what K2 counts
create table app.posting_moves (
  posting text not null references app.postings,
  from_cycle text,
  to_cycle text,
  why text not null check (why in ('late', 'series')),
  at timestamptz not null default clock_timestamp(),
  -- the closing day that passed: what K2 counts by
  due_on text,
  unique nulls not distinct (posting, from_cycle, why)
);

-- Billing's acknowledgements, each once by its event; the settlements apply the items themselves
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
