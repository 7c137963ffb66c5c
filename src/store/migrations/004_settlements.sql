-- Up Migration
-- Settlements: the request and its times, bills and their slips, overrides, copies and clearance letters.
create table app.settlements (
  id text primary key,
  subscription text not null,
  settlement_date text not null,
  office text not null,
  clerk text not null,
  -- the workflow run that owns the settlement: its retries write the same row, another run is refused
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
  delivery jsonb,
  cancellation jsonb,
  -- a further settlement of the same subscriber and date names the one before, why, and who allowed it
  predecessor jsonb
);
create index on app.settlements (office, received_at desc, id desc);
create index on app.settlements (subscription, settlement_date);
create index on app.settlements (status, office);
-- the settlements behind a figure, newest first, in the order in which a page lists them
create index settlements_newest on app.settlements (received_at desc, id desc);
create index settlements_of_clerk on app.settlements (clerk, received_at desc, id desc);
-- R1 and R2 count few settlements
create index settlements_late_entries on app.settlements (received_at) include (office) where late_entry;
create index settlements_stale on app.settlements (received_at) include (office) where warnings @> '[{"code": "STALE_FEED"}]' and announced_at is not null;

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

-- What a supervisor accepted for a settlement. It may precede the settlement's row, so it has no foreign key.
create table app.overrides (
  settlement_id text not null,
  code text not null,
  -- the reading that was refused; null when there was none: then it applies to any
  reading bigint,
  reason text not null,
  by jsonb not null,
  role text not null,
  at timestamptz not null default clock_timestamp()
);
-- Nobody accepts a finding of their own request, so one person's acceptance does not exclude another's.
create unique index overrides_once on app.overrides (settlement_id, code, reading, (by ->> 'id')) nulls not distinct;

create table app.bills (
  settlement_id text not null references app.settlements,
  revision integer not null,
  number text not null unique,
  issued_at timestamptz not null,
  bill jsonb not null,
  -- what the bill was computed from: a correction and a verification start here, never from today's ledger
  inputs jsonb not null,
  total bigint not null,
  payable bigint not null,
  carry bigint not null,
  void boolean not null default false,
  primary key (settlement_id, revision),
  check (payable + carry = total)
);

-- Numbers are assigned in the transaction that issues: no gap, no duplicate
create table app.bill_numbers (
  office text not null,
  year integer not null,
  last bigint not null,
  primary key (office, year)
);

-- The two-digit period of payment ids: one per subscriber, year, revision and slip
create table app.payment_periods (
  subscription text not null,
  year integer not null,
  last integer not null,
  primary key (subscription, year)
);

-- The slips of issued bills: which settlement a payment id belongs to. They stay when their revision becomes void.
create table app.slips (
  subscription text collate "C" not null,
  payment_id text collate "C" not null,
  -- of the settlement date; the payment id holds only its last digit, which recurs after ten years
  year integer not null,
  settlement_id text not null,
  revision integer not null,
  amount bigint not null,
  primary key (subscription, payment_id, year),
  foreign key (settlement_id, revision) references app.bills
);
create index on app.slips (settlement_id);

-- Reprints, each counted
create table app.copies (
  settlement_id text not null,
  revision integer not null,
  n integer not null check (n > 0),
  by jsonb not null,
  at timestamptz not null default clock_timestamp(),
  primary key (settlement_id, revision, n),
  foreign key (settlement_id, revision) references app.bills
);

-- Clearance letters, numbered like bills
create table app.clearance_numbers (
  office text not null,
  year integer not null,
  last bigint not null,
  primary key (office, year)
);
create table app.clearances (
  settlement_id text not null,
  revision integer not null,
  number text not null unique,
  issued_at timestamptz not null,
  issued_by jsonb not null,
  -- what is printed; the person's part is separate, so that it can be erased
  letter jsonb not null,
  person jsonb not null,
  primary key (settlement_id, revision),
  foreign key (settlement_id, revision) references app.bills
);

-- Of bills and clearance letters: <office>-<year>-<six digits or more>
create function app.document_number(mark text, office text, year integer, nth bigint) returns text language sql immutable as $$
  select mark || office || '-' || year || '-' || lpad(nth::text, greatest(6, length(nth::text)), '0')
$$;
