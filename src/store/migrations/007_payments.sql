-- Up Migration
-- Payments that billing reports by call, and what was paid by the slips of each settlement.

-- The ledger's row of the same reference is the same payment, and its figures take precedence.
create table app.payments (
  seq bigint generated always as identity unique,
  reference text collate "C" primary key,
  event_id text collate "C" not null unique,
  subscription text collate "C" not null,
  payment_id text collate "C" not null,
  amount bigint not null check (amount > 0),
  paid_on text collate "C" not null,
  -- of the account; null when no such subscription has been fed
  office text,
  -- whose slip it was paid by; null: no settlement's
  settlement_id text,
  revision integer,
  recorded_at timestamptz not null default clock_timestamp(),
  recorded_by text not null,
  foreign key (settlement_id, revision) references app.bills
);
create index on app.payments (subscription);
create index on app.payments (settlement_id) where settlement_id is not null;
create index on app.payments (seq) where settlement_id is null;

-- Per settlement: the ledger's rows, and reported payments that the ledger does not hold yet
create view app.settlement_payments as
select x.settlement_id, x.revision, x.reference, x.payment_id, x.amount, x.paid_on, x.reported_amount,
  case when b.void or s.status = 'cancelled' then 'void' else 'matched' end as outcome,
  coalesce((
    -- the valid bill's inputs list all that its total counts of the payments
    select (e->>'amount')::bigint from jsonb_array_elements(v.snapshot->'payments') e where e->>'reference' = x.reference limit 1
  ), 0) as counted
from (
  select l.settlement_id, l.revision, f.reference, l.payment_id, f.amount::bigint, f.paid_on::text, nullif(p.amount, f.amount) as reported_amount
  from app.slips l
  join billing.payments f on f.subscription = l.subscription and ltrim(f.payment_id, '0') = l.payment_id
    and left(f.paid_on, 4)::integer - l.year between -1 and 8
  left join app.payments p on p.reference = f.reference
  union all
  select p.settlement_id, p.revision, p.reference, p.payment_id, coalesce(f.amount, p.amount), coalesce(f.paid_on, p.paid_on), nullif(p.amount, coalesce(f.amount, p.amount))
  from app.payments p
  left join billing.payments f on f.reference = p.reference
  where p.settlement_id is not null and f.payment_id is null
) x
join app.settlements s on s.id = x.settlement_id
join app.bills b on b.settlement_id = x.settlement_id and b.revision = x.revision
left join lateral (
  select n.inputs->'snapshot' as snapshot from app.bills n
  where n.settlement_id = x.settlement_id and not n.void and s.status <> 'cancelled' order by n.revision desc limit 1
) v on true;
