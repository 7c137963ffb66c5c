-- Up Migration
create schema app;

create table app.tariffs (
  seq bigint generated always as identity primary key,
  version text not null unique,
  document jsonb not null,
  published_at timestamptz not null default now(),
  published_by text not null
);

create table app.fee_resolutions (
  number text primary key,
  resolved_on text not null,
  amount bigint not null check (amount > 0),
  valid_from text not null,
  valid_to text,
  illustrative boolean not null default false
);

create table app.settlements (
  id text primary key,
  subscription text not null,
  settlement_date text not null,
  office text not null,
  clerk text not null,
  -- the workflow run that owns the settlement: a retry of it is the same, another run is not
  run_id text not null,
  status text not null check (status in ('received','announced','delivered','handedOver','settled','rejected','cancelled')),
  revision integer not null default 0,
  received_at timestamptz not null,
  announced_at timestamptz,
  elapsed_ms bigint,
  within_target boolean,
  at_risk_at timestamptz,
  breached_at timestamptz,
  late_entry boolean not null,
  facts jsonb not null,
  operator jsonb not null,
  account jsonb,
  warnings jsonb not null default '[]',
  errors jsonb not null default '[]',
  delivery jsonb
);
create index on app.settlements (office, received_at desc, id desc);
create index on app.settlements (subscription, settlement_date);
create index on app.settlements (status, office);

create table app.bills (
  settlement_id text not null references app.settlements,
  revision integer not null,
  number text not null unique,
  issued_at timestamptz not null,
  bill jsonb not null,
  -- what the bill was computed from: a correction and a check start here, never at today's ledger
  inputs jsonb not null,
  total bigint not null,
  payable bigint not null,
  carry bigint not null,
  void boolean not null default false,
  primary key (settlement_id, revision),
  check (payable + carry = total)
);

-- numbers are given at issue, in the transaction: none is lost, none is given twice
create table app.bill_numbers (
  office text not null,
  year integer not null,
  last bigint not null,
  primary key (office, year)
);

-- the two-digit period of payment ids: one per subscriber, year, revision and slip
create table app.payment_periods (
  subscription text not null,
  year integer not null,
  last integer not null,
  primary key (subscription, year)
);

create table app.steps (
  settlement_id text not null references app.settlements,
  run_id text not null,
  name text not null,
  revision integer not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  attempts integer not null,
  primary key (settlement_id, run_id, name, revision)
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
  handed_over_at timestamptz,
  taken_at timestamptz,
  bill_serial text,
  name_on_bill text
);
create index on app.postings (settlement_id);
create index on app.postings (cycle, status);

create table app.tasks (
  id text primary key,
  settlement_id text references app.settlements,
  office text not null,
  kind text not null,
  role text not null,
  since timestamptz not null,
  due_at timestamptz,
  closed_at timestamptz
);
create index on app.tasks (office, role) where closed_at is null;

-- append-only: what happened to a settlement, each thing once by its key
create table app.events (
  seq bigint generated always as identity primary key,
  settlement_id text not null,
  kind text not null,
  key text not null,
  at timestamptz not null,
  data jsonb not null,
  unique (settlement_id, kind, key)
);

create function app.tell_event() returns trigger language plpgsql as $$
begin
  perform pg_notify('settlement_event', new.settlement_id);
  return null;
end $$;
create trigger tell_event after insert on app.events for each row execute function app.tell_event();

create function app.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the event log is append-only';
end $$;
create trigger append_only before update or delete on app.events for each row execute function app.refuse_change();
