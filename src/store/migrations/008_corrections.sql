-- Up Migration
-- Errors of a settlement and what came of them, each counted with kind and cause (K4).
create table app.corrections (
  settlement_id text not null references app.settlements,
  n integer not null,
  kind text not null check (kind in ('reading','date','meter','tariff','subscriber','name','payment','document','other')),
  cause text not null check (cause in ('applicant','clerk','feed','tariffData','system')),
  description text not null,
  status text not null check (status in ('reported','referred','submitted','verified','rejected','withdrawn','issued')),
  owner_role text not null,
  owner_user text,
  reported_by jsonb not null,
  reported_at timestamptz not null,
  due_at timestamptz not null,
  submitted_by jsonb,
  submitted_at timestamptz,
  -- corrected facts, what they were computed from, the debt they give and how it compares with the bill before
  submission jsonb,
  verified_by jsonb,
  verified_at timestamptz,
  approved_by jsonb,
  approved_at timestamptz,
  ended_at timestamptz,
  revision integer,
  note text,
  primary key (settlement_id, n)
);
create index on app.corrections (reported_at);

alter table app.settlements
  add column cancellation jsonb,
  -- a further settlement of the same subscriber and date names the one before, why, and who allowed it
  add column predecessor jsonb;

-- a credit that is paid back instead of carried: asked for by one supervisor, confirmed by another
create table app.refunds (
  settlement_id text primary key references app.settlements,
  amount bigint not null check (amount > 0),
  reason text not null,
  requested_by jsonb not null,
  requested_at timestamptz not null default clock_timestamp(),
  confirmed_by jsonb,
  confirmed_at timestamptz
);
