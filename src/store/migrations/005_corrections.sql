-- Up Migration
-- Errors of settlements and how they were corrected (K4), refunds, and corrective actions against repeated errors.
create table app.corrections (
  settlement_id text not null references app.settlements,
  n integer not null,
  kind text not null check (kind in ('reading','date','meter','tariff','subscriber','name','payment','document','other')),
  cause text not null check (cause in ('applicant','clerk','feed','tariffData','system')),
  description text not null,
  -- the posting whose refusal by billing opened it; null: a person reported it
  posting text,
  status text not null check (status in ('reported','referred','submitted','verified','rejected','withdrawn','issued')),
  owner_role text not null,
  owner_user text,
  reported_by jsonb not null,
  reported_at timestamptz not null,
  due_at timestamptz not null,
  -- incremented each time the correction is returned to its owner: each round has tasks of its own
  round integer not null default 1,
  submitted_by jsonb,
  submitted_at timestamptz,
  -- corrected facts, the inputs they were computed from, the resulting debt and its comparison with the bill before
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

-- A credit that is paid back instead of carried: requested by one supervisor, confirmed by another
create table app.refunds (
  settlement_id text primary key references app.settlements,
  amount bigint not null check (amount > 0),
  reason text not null,
  requested_by jsonb not null,
  requested_at timestamptz not null default clock_timestamp(),
  confirmed_by jsonb,
  confirmed_at timestamptz
);

-- Repeated errors and the action against them; the workflow of each decides what happens next
create table app.corrective_actions (
  n integer generated always as identity primary key,
  scope text not null check (scope in ('settlement','clerk','cause','office','other')),
  -- empty once erased
  subject text not null,
  -- `*`: the whole company
  office text not null,
  -- Jalali yyyy/mm of the errors
  month text not null,
  opened_at timestamptz(3) not null,
  -- number of errors and the threshold they passed; null when a person opened it, who gives the reason
  errors integer,
  threshold integer,
  opened_by jsonb,
  -- empty once erased
  reason text,
  status text not null default 'opened' check (status in ('opened','called','held','acting','done','judged','closed')),
  -- number of acts so far
  version integer not null default 0,
  -- meeting, actions, closure (domain/correction/corrective-action.ts)
  story jsonb not null default '{"meeting": null, "actions": [], "closure": null}',
  -- null until its workflow is known to have started
  started_at timestamptz(3),
  closed_at timestamptz(3),
  check ((errors is null) = (opened_by is not null) and (opened_by is null) = (reason is null))
);
-- Repeated errors open one a month, and the same request by hand is the same one; erased ones differ by their number.
create unique index corrective_actions_once on app.corrective_actions (scope, subject, month, (case when subject = '' or reason = '' then n::text else coalesce(md5(reason), '') end));
create index on app.corrective_actions (office, n);
create index on app.corrective_actions (n) where started_at is null;

-- Append-only: who did what about it
create table app.corrective_action_events (
  n integer not null references app.corrective_actions,
  version integer not null,
  act jsonb not null,
  by jsonb not null,
  at timestamptz(3) not null,
  primary key (n, version)
);
create trigger append_only before update or delete on app.corrective_action_events for each row execute function app.refuse_rewriting();
create trigger append_only_whole before truncate on app.corrective_action_events for each statement execute function app.refuse_rewriting();

-- Free texts of these events may name a subscriber: separate, so that they can be erased while the events stay as written
create table app.corrective_action_texts (
  n integer not null,
  version integer not null,
  data jsonb not null,
  primary key (n, version),
  foreign key (n, version) references app.corrective_action_events
);
