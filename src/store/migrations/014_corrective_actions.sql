-- Up Migration
-- Repeated errors and what was done against them; the workflow of each says what happens next.
create table app.corrective_actions (
  n integer generated always as identity primary key,
  scope text not null check (scope in ('settlement','clerk','cause','office','other')),
  subject text not null check (subject <> ''),
  -- `*`: the whole company
  office text not null,
  -- Jalali yyyy/mm of the errors
  month text not null,
  opened_at timestamptz(3) not null,
  -- how many errors there were and how many were too many; null when a person opened it, who says why
  errors integer,
  threshold integer,
  opened_by jsonb,
  reason text,
  status text not null default 'opened' check (status in ('opened','called','held','acting','done','judged','closed')),
  -- how many acts made it what it is
  version integer not null default 0,
  -- meeting, actions, closure (domain/corrective-action.ts)
  story jsonb not null default '{"meeting": null, "actions": [], "closure": null}',
  -- null until its workflow is known to have started
  started_at timestamptz(3),
  closed_at timestamptz(3),
  check ((errors is null) = (opened_by is not null) and (opened_by is null) = (reason is null))
);
-- repeated errors start one a month, and the same call by hand is the same one
create unique index corrective_actions_once on app.corrective_actions (scope, subject, month, coalesce(md5(reason), ''));
create index on app.corrective_actions (office, n);
create index on app.corrective_actions (n) where started_at is null;

-- append-only: who did what about it
create table app.corrective_action_events (
  n integer not null references app.corrective_actions,
  version integer not null,
  act jsonb not null,
  by jsonb not null,
  at timestamptz(3) not null,
  primary key (n, version)
);
create trigger append_only before update or delete on app.corrective_action_events for each row execute function app.refuse_rewriting();

-- how often a correction was sent back to its owner: each round has tasks of its own
alter table app.corrections add column round integer not null default 1;
-- when whoever has a task was reminded
alter table app.tasks add column reminded_at timestamptz(3);
