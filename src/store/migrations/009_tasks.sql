-- Up Migration
-- Tasks have an owner, a due time, a way to the supervisor and an end.
alter table app.tasks
  -- milliseconds, as a page's cursor carries them
  alter column since type timestamptz(3),
  alter column due_at type timestamptz(3),
  alter column closed_at type timestamptz(3),
  -- who has it; null: whoever of the role sees it first
  add column assignee text,
  add column assigned_by jsonb,
  add column assigned_at timestamptz(3),
  add column escalated_at timestamptz(3),
  add column detail jsonb not null default '{}',
  -- the person who closed it; null: the work itself
  add column closed_by jsonb,
  -- that person's note, or what the work came to
  add column outcome text,
  add check (closed_at is not null or (closed_by is null and outcome is null));

-- an id stands in an address: no slash in it
update app.tasks set id = kind || '.' || settlement_id where settlement_id is not null;

drop index app.tasks_office_role_idx;
-- what waits, the most pressing first
create index tasks_open on app.tasks ((coalesce(due_at, 'infinity')), id) where closed_at is null;
create index tasks_settlement on app.tasks (settlement_id);
create index tasks_closed on app.tasks (closed_at desc, id desc) where closed_at is not null;

-- what billing has not taken, by its last day
create index postings_unsent on app.postings ((coalesce(due_on, '9999/99/99') collate "C"), posting) where status in ('waiting', 'handedOver', 'late', 'refused');
