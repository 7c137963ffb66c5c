-- Up Migration
-- People: users and their roles, qualifications, sign-ins, and who saw or erased a person's data.
create schema app;

-- For append-only tables: no row is changed, deleted or truncated, not even by the owner of the table.
create function app.refuse_rewriting() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name;
end $$;

-- The id is the sign-in name.
create table app.users (
  id text primary key check (id <> '' and id = lower(id)),
  name text not null,
  -- name and id, folded: what a search matches
  search text not null,
  office text not null,
  -- the first is the default role of a sign-in
  roles text[] not null check (cardinality(roles) > 0 and roles <@ array['clerk','supervisor','approver','quality','billing','admin']),
  active boolean not null default true,
  -- argon2id; null: the user cannot sign in yet
  password_hash text,
  must_change_password boolean not null default false,
  -- end of a one-time password
  password_expires_at timestamptz,
  -- incremented to end all sessions of the user: sessions of an earlier version are invalid
  session_version integer not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  created_by jsonb not null
);
create index on app.users (office, id);

-- Append-only: of the records of one code the last that has begun counts (domain/people/qualification.ts)
create table app.qualifications (
  seq bigint generated always as identity primary key,
  user_id text not null references app.users,
  code text not null check (code in ('sevenSkills','billingSystem','secondCopy')),
  valid_from text not null,
  valid_to text,
  certificate text,
  recorded_by jsonb not null,
  recorded_at timestamptz not null default clock_timestamp(),
  check (valid_to >= valid_from)
);
create index on app.qualifications (user_id, seq);
create index on app.qualifications (valid_to);
create trigger append_only before update or delete on app.qualifications for each row execute function app.refuse_rewriting();
create trigger append_only_whole before truncate on app.qualifications for each statement execute function app.refuse_rewriting();

-- Append-only: who changed what of which user, and when; never a password
create table app.people_events (
  seq bigint generated always as identity primary key,
  user_id text not null references app.users,
  kind text not null,
  by jsonb not null,
  at timestamptz not null default clock_timestamp(),
  data jsonb not null default '{}'
);
create index on app.people_events (user_id, seq);
create trigger append_only before update or delete on app.people_events for each row execute function app.refuse_rewriting();
create trigger append_only_whole before truncate on app.people_events for each statement execute function app.refuse_rewriting();

-- By the name as typed, also of users that do not exist: a lock must not reveal which names exist
create table app.sign_in_attempts (
  user_id text primary key,
  failed integer not null,
  locked_until timestamptz,
  last_at timestamptz not null
);

-- Sessions that were signed out before they expired
create table app.ended_sessions (
  id text primary key,
  expires_at timestamptz not null
);

-- Who saw a person's data: append-only, kept for three years (see docs/operations.md)
create table app.access_log (
  seq bigint generated always as identity primary key,
  at timestamptz not null,
  user_id text not null,
  user_name text not null,
  role text not null,
  office text not null,
  -- the API call, by its route pattern
  call text not null,
  -- whose data was shown; the search text is not stored, since it may itself be a person's data
  subscriptions text[] not null,
  settlement_id text,
  request_id text not null
);
create index on app.access_log using gin (subscriptions);
create index on app.access_log (user_id, seq);
create index on app.access_log (at);

create function app.keep_access_log() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.at < now() - interval '3 years' then return old; end if;
    raise exception 'the access log is append-only and kept for three years';
  end if;
  raise exception 'the access log is append-only';
end $$;
create trigger append_only before update or delete on app.access_log for each row execute function app.keep_access_log();
create trigger append_only_whole before truncate on app.access_log for each statement execute function app.keep_access_log();

-- Erasures of a person's data that the law demands: who did it, who confirmed it, why; never whose national id it was
create table app.erasures (
  seq bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  by text not null,
  confirmed_by text not null check (confirmed_by <> by),
  reason text not null,
  -- the key of the request: a subscription, or a national id, which is not stored
  asked_by text not null check (asked_by in ('subscription', 'nationalId')),
  settlements text[] not null
);
create trigger append_only before update or delete on app.erasures for each row execute function app.refuse_rewriting();
create trigger append_only_whole before truncate on app.erasures for each statement execute function app.refuse_rewriting();
