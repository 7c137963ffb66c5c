-- Up Migration
-- The event log of settlements: append-only, without a person's data; a settlement's state can be rebuilt from it.
create table app.events (
  seq bigint generated always as identity primary key,
  settlement_id text not null,
  kind text not null,
  key text not null,
  at timestamptz not null,
  data jsonb not null,
  -- the resulting state change: a part of app.settlement_states; null: the state did not change
  changed jsonb,
  unique (settlement_id, kind, key)
);
create index on app.events (settlement_id, seq);

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
create trigger append_only_whole before truncate on app.events for each statement execute function app.refuse_change();

-- Names and free texts of events, separate from the log, so that they can be erased while the log stays as written
create table app.event_persons (
  event bigint primary key references app.events,
  data jsonb not null
);

-- The state of a settlement as the log records it: amounts, ids, dates, codes and who acted; no names, no free text.
create function app.instant(t timestamptz) returns text language sql stable as $$
  select to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
create function app.finding_codes(findings jsonb) returns jsonb language sql immutable as $$
  select coalesce(jsonb_agg(f.finding->'code' order by f.n), '[]') from jsonb_array_elements(findings) with ordinality as f(finding, n)
$$;
create function app.facts_state(facts jsonb) returns jsonb language sql immutable as $$
  select jsonb_build_object('reading', facts->'reading', 'readingSource', facts->'readingSource', 'meterState', coalesce(facts->'meterState', '"normal"'), 'purpose', facts->'purpose')
$$;
create function app.settlement_state(s app.settlements) returns jsonb language sql stable as $$
  select jsonb_build_object('subscription', s.subscription, 'settlementDate', s.settlement_date, 'office', s.office, 'clerk', s.clerk, 'status', s.status, 'revision', s.revision,
    'receivedAt', app.instant(s.received_at), 'announcedAt', app.instant(s.announced_at), 'elapsedMs', s.elapsed_ms, 'withinTarget', s.within_target,
    'atRiskAt', app.instant(s.at_risk_at), 'breachedAt', app.instant(s.breached_at), 'lateEntry', s.late_entry,
    'errors', app.finding_codes(s.errors), 'warnings', app.finding_codes(s.warnings),
    'delivery', case when s.delivery is not null then jsonb_build_object('channel', s.delivery->'channel', 'at', s.delivery->'at') end,
    'cancellation', case when s.cancellation is not null then jsonb_build_object('by', s.cancellation->'by', 'at', s.cancellation->'at') end,
    'predecessor', s.predecessor->'id') || app.facts_state(s.facts)
$$;
create function app.step_state(t app.steps) returns jsonb language sql stable as $$
  select jsonb_build_object('startedAt', app.instant(t.started_at), 'endedAt', app.instant(t.ended_at), 'attempts', t.attempts)
$$;
-- a bill's content is recorded as its digest: it is long, and `verify` computes it again
create function app.bill_state(b app.bills) returns jsonb language sql stable as $$
  select jsonb_build_object('number', b.number, 'issuedAt', app.instant(b.issued_at), 'total', b.total, 'payable', b.payable, 'carry', b.carry, 'void', b.void,
    'digest', encode(sha256(convert_to(b.bill::text, 'UTF8')), 'hex'))
$$;
-- `made` is recorded once; later events record only what may change, so that they cannot hide a change of the rest
create function app.posting_state(p app.postings) returns jsonb language sql immutable as $$
  select jsonb_build_object('status', p.status, 'cycle', p.cycle, 'dueOn', p.due_on, 'timesLate', p.times_late, 'billSerial', p.bill_serial)
$$;
create function app.posting_made(p app.postings) returns jsonb language sql immutable as $$
  select jsonb_build_object('kind', p.kind, 'revision', p.revision, 'amount', p.amount) || app.posting_state(p)
$$;
create function app.correction_state(c app.corrections) returns jsonb language sql stable as $$
  select jsonb_build_object('status', c.status, 'dueAt', app.instant(c.due_at), 'submittedBy', c.submitted_by->'id', 'difference', c.submission->'comparison'->'difference',
    'noChange', c.submission->'comparison'->'noChange', 'verifiedBy', c.verified_by->'id', 'approvedBy', c.approved_by->'id', 'revision', c.revision)
$$;
create function app.correction_made(c app.corrections) returns jsonb language sql stable as $$
  select jsonb_build_object('kind', c.kind, 'cause', c.cause, 'owner', jsonb_build_object('role', c.owner_role, 'user', c.owner_user),
    'posting', c.posting,
    'reportedBy', c.reported_by->'id', 'reportedAt', app.instant(c.reported_at)) || app.correction_state(c)
$$;
create function app.refund_state(r app.refunds) returns jsonb language sql stable as $$
  select jsonb_build_object('amount', r.amount, 'requestedBy', r.requested_by->'id', 'requestedAt', app.instant(r.requested_at), 'confirmedBy', r.confirmed_by->'id', 'confirmedAt', app.instant(r.confirmed_at))
$$;
create function app.override_key(o app.overrides) returns text language sql immutable as $$
  select o.code || coalesce('/' || o.reading, '') || '/' || (o.by ->> 'id')
$$;
create function app.override_state(o app.overrides) returns jsonb language sql stable as $$
  select jsonb_build_object('code', o.code, 'reading', o.reading, 'by', o.by->'id', 'role', o.role, 'at', app.instant(o.at))
$$;
create function app.payment_state(p app.payments) returns jsonb language sql stable as $$
  select jsonb_build_object('paymentId', p.payment_id, 'amount', p.amount, 'paidOn', p.paid_on, 'revision', p.revision, 'by', p.recorded_by, 'at', app.instant(p.recorded_at))
$$;
create function app.copy_state(c app.copies) returns jsonb language sql stable as $$
  select jsonb_build_object('by', c.by->'id', 'role', c.by->'role', 'at', app.instant(c.at))
$$;
create function app.clearance_state(c app.clearances) returns jsonb language sql stable as $$
  select jsonb_build_object('number', c.number, 'issuedAt', app.instant(c.issued_at), 'by', c.issued_by->'id', 'digest', encode(sha256(convert_to(c.letter::text, 'UTF8')), 'hex'))
$$;

-- The stored state of each settlement, in the form that the log records
create view app.settlement_states as
select s.id, jsonb_build_object(
  'settlement', app.settlement_state(s),
  'steps', coalesce((select jsonb_object_agg(t.name, app.step_state(t)) from app.steps t where t.settlement_id = s.id and t.run_id = s.run_id), '{}'),
  'bills', coalesce((select jsonb_object_agg(b.revision, app.bill_state(b)) from app.bills b where b.settlement_id = s.id), '{}'),
  'postings', coalesce((select jsonb_object_agg(p.posting, app.posting_made(p)) from app.postings p where p.settlement_id = s.id), '{}'),
  'corrections', coalesce((select jsonb_object_agg(c.n, app.correction_made(c)) from app.corrections c where c.settlement_id = s.id), '{}'),
  'refund', (select app.refund_state(r) from app.refunds r where r.settlement_id = s.id),
  'overrides', coalesce((select jsonb_object_agg(app.override_key(o), app.override_state(o)) from app.overrides o where o.settlement_id = s.id), '{}'),
  'payments', coalesce((select jsonb_object_agg(p.reference, app.payment_state(p)) from app.payments p where p.settlement_id = s.id), '{}'),
  'copies', coalesce((select jsonb_object_agg(c.revision || '/' || c.n, app.copy_state(c)) from app.copies c where c.settlement_id = s.id), '{}'),
  'clearances', coalesce((select jsonb_object_agg(l.revision, app.clearance_state(l)) from app.clearances l where l.settlement_id = s.id), '{}')
) as state
from app.settlements s;
