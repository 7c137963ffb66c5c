-- Up Migration
-- A person's data that was erased because the law asked: who did it, who confirmed it, why; never whose id it was.
create table app.erasures (
  seq bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  by text not null,
  confirmed_by text not null check (confirmed_by <> by),
  reason text not null,
  -- what it was asked by: a subscription, or a person's national id, which is not kept
  asked_by text not null check (asked_by in ('subscription', 'nationalId')),
  settlements text[] not null
);
create trigger append_only before update or delete on app.erasures for each row execute function app.refuse_rewriting();
create trigger append_only_whole before truncate on app.erasures for each statement execute function app.refuse_rewriting();
