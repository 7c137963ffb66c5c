-- Up Migration
-- Tariffs and the board's resolutions on the issuing fee: one administrator proposes, another confirms.
create table app.tariffs (
  seq bigint generated always as identity primary key,
  version text not null unique,
  document jsonb not null,
  published_at timestamptz not null default now(),
  published_by text not null,
  -- null only for practice data, which nobody confirms
  confirmed_by text,
  constraint another_confirms check (confirmed_by <> published_by)
);

create table app.fee_resolutions (
  number text primary key,
  resolved_on text not null,
  amount bigint not null check (amount > 0),
  valid_from text not null,
  valid_to text,
  illustrative boolean not null default false,
  -- both null only for practice data
  recorded_by text,
  confirmed_by text,
  recorded_at timestamptz default now(),
  -- of two with the same first day and date of resolution the one recorded last applies
  seq bigint generated always as identity,
  constraint another_confirms check (confirmed_by <> recorded_by)
);

create table app.proposals (
  proposal bigint generated always as identity primary key,
  kind text not null check (kind in ('tariff', 'feeResolution')),
  -- version of the tariff, number of the resolution: one proposal of each at a time
  subject text not null,
  content jsonb not null,
  -- the proposer confirmed figures that look ten times off
  meant boolean not null,
  proposed_by jsonb not null,
  proposed_at timestamptz not null default clock_timestamp(),
  -- the change of service from which the tariff was made; made again at publication, so that nothing published meanwhile is undone
  change jsonb,
  unique (kind, subject)
);
