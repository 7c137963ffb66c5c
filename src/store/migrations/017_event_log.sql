-- Up Migration
-- The event log tells all that became of a settlement: its state can be rebuilt from it. It holds no person's data.

-- what stands otherwise since the event: a part of app.settlement_states; null: nothing of the settlement's state
alter table app.events add column changed jsonb;

-- Names and free texts of events, apart from the log, so that they can be erased while the log stays as it was written
create table app.event_persons (
  event bigint primary key references app.events,
  data jsonb not null
);

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

-- Clearance letters, numbered at issue in the transaction: none is lost, none is given twice
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
  -- what is printed; the person's part apart, so that it can be erased
  letter jsonb not null,
  person jsonb not null,
  primary key (settlement_id, revision),
  foreign key (settlement_id, revision) references app.bills
);

-- The state of a settlement as the log tells it: amounts, ids, dates, codes and who acted; no names, no free text.
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
-- a bill's content is there as its digest: it is long, and `verify` computes it anew
create function app.bill_state(b app.bills) returns jsonb language sql stable as $$
  select jsonb_build_object('number', b.number, 'issuedAt', app.instant(b.issued_at), 'total', b.total, 'payable', b.payable, 'carry', b.carry, 'void', b.void,
    'digest', encode(sha256(convert_to(b.bill::text, 'UTF8')), 'hex'))
$$;
-- `made` is told once; a later event tells only what may change, so that it cannot hide a change of the rest
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
    'reportedBy', c.reported_by->'id', 'reportedAt', app.instant(c.reported_at)) || app.correction_state(c)
$$;
create function app.refund_state(r app.refunds) returns jsonb language sql stable as $$
  select jsonb_build_object('amount', r.amount, 'requestedBy', r.requested_by->'id', 'requestedAt', app.instant(r.requested_at), 'confirmedBy', r.confirmed_by->'id', 'confirmedAt', app.instant(r.confirmed_at))
$$;
create function app.override_key(o app.overrides) returns text language sql immutable as $$ select o.code || coalesce('/' || o.reading, '') $$;
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

-- what is stored of each settlement, in the form in which the log tells it
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

-- of bills and clearance letters: <office>-<year>-<six digits or more>
create function app.document_number(mark text, office text, year integer, nth bigint) returns text language sql immutable as $$
  select mark || office || '-' || year || '-' || lpad(nth::text, greatest(6, length(nth::text)), '0')
$$;

-- What earlier versions wrote: persons and free texts go where they can be erased, and the state of then is where a rebuilding starts.
alter table app.events disable trigger append_only;
insert into app.event_persons (event, data)
select seq, (select jsonb_object_agg(k, data->k) from unnest(array['deliveredTo', 'nameOnBill', 'reason', 'note']) as k where data ? k)
from app.events where jsonb_typeof(data) = 'object' and data ?| array['deliveredTo', 'nameOnBill', 'reason', 'note'];
update app.events set data = data - array['deliveredTo', 'nameOnBill', 'reason', 'note'] where jsonb_typeof(data) = 'object' and data ?| array['deliveredTo', 'nameOnBill', 'reason', 'note'];
update app.events set data = jsonb_build_object('errors', app.finding_codes(data)) where kind = 'rejected' and jsonb_typeof(data) = 'array';
alter table app.events enable trigger append_only;
insert into app.events (settlement_id, kind, key, at, data, changed)
select id, 'carriedOver', 'event log', clock_timestamp(), '{}', state from app.settlement_states order by id;

-- nobody changes, takes away or empties what is append-only, the owner of the tables included
create trigger append_only_whole before truncate on app.events for each statement execute function app.refuse_change();
create trigger append_only_whole before truncate on app.qualifications for each statement execute function app.refuse_rewriting();
create trigger append_only_whole before truncate on app.people_events for each statement execute function app.refuse_rewriting();
create trigger append_only_whole before truncate on app.corrective_action_events for each statement execute function app.refuse_rewriting();
create index on app.events (settlement_id, seq);
