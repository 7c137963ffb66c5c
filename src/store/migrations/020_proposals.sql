-- Up Migration
-- what one administrator proposes and another confirms: a tariff document, or a resolution of the board on the issuing fee
create table app.proposals (
  proposal bigint generated always as identity primary key,
  kind text not null check (kind in ('tariff', 'feeResolution')),
  -- version of the tariff, number of the resolution: one proposal of each at a time
  subject text not null,
  content jsonb not null,
  -- figures that look ten times off are meant so
  meant boolean not null,
  proposed_by jsonb not null,
  proposed_at timestamptz not null default clock_timestamp(),
  unique (kind, subject)
);

-- an id stands in an address: no slash in it (009), also of payments' tasks
update app.tasks
  set id = kind || '.' || coalesce(settlement_id || '.', '')
    || regexp_replace(replace(replace(substr(id, length(coalesce(settlement_id || '/', '') || kind) + 2), '%', '%25'), '/', '%2F'), '\s', '%20', 'g')
  where kind in ('unknownPayment', 'voidPayment', 'overpaid') and id like '%/%';
