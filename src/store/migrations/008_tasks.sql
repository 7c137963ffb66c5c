-- Up Migration
-- Tasks of people: each has an owner, a due time, an escalation to the supervisor and an end.
create table app.tasks (
  -- part of an address: without a slash
  id text primary key,
  settlement_id text references app.settlements,
  office text not null,
  kind text not null,
  role text not null,
  -- all times in milliseconds, as a page's cursor carries them
  since timestamptz(3) not null,
  -- a task written together with a payment receives its due time afterwards
  due_at timestamptz(3),
  -- null: any person of the role may take it
  assignee text,
  assigned_by jsonb,
  assigned_at timestamptz(3),
  reminded_at timestamptz(3),
  escalated_at timestamptz(3),
  detail jsonb not null default '{}',
  closed_at timestamptz(3),
  -- the person who closed it; null: the work itself
  closed_by jsonb,
  -- that person's note, or the result of the work
  outcome text,
  check (closed_at is not null or (closed_by is null and outcome is null))
);
-- open tasks, the most urgent first
create index tasks_open on app.tasks ((coalesce(due_at, 'infinity')), id) where closed_at is null;
create index tasks_settlement on app.tasks (settlement_id);
create index tasks_closed on app.tasks (closed_at desc, id desc) where closed_at is not null;
create index tasks_without_due on app.tasks (since, id) where due_at is null and closed_at is null;
