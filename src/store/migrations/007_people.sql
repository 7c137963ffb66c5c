-- Up Migration
-- Who works here. The id is the name that one signs in with.
create table app.users (
  id text primary key check (id <> '' and id = lower(id)),
  name text not null,
  -- name and id, folded: what a search looks in
  search text not null,
  office text not null,
  -- the first is taken when a sign-in names none
  roles text[] not null check (cardinality(roles) > 0 and roles <@ array['clerk','supervisor','approver','quality','billing','admin']),
  active boolean not null default true,
  -- argon2id; null: nobody can sign in yet
  password_hash text,
  must_change_password boolean not null default false,
  -- end of a one-time password
  password_expires_at timestamptz,
  -- raised by what ends all sessions of the person: those of an earlier number are over
  session_version integer not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  created_by jsonb not null
);
create index on app.users (office, id);

-- append-only: of the records of one code the last that has begun counts (domain/qualification.ts)
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

-- by the name as typed, also of names that nobody has: a lock must not tell which ones are somebody's
create table app.sign_in_attempts (
  user_id text primary key,
  failed integer not null,
  locked_until timestamptz,
  last_at timestamptz not null
);

-- sessions that were signed out before their end
create table app.ended_sessions (
  id text primary key,
  expires_at timestamptz not null
);

-- append-only: who changed what of whom, and when; never a password
create table app.people_events (
  seq bigint generated always as identity primary key,
  user_id text not null references app.users,
  kind text not null,
  by jsonb not null,
  at timestamptz not null default clock_timestamp(),
  data jsonb not null default '{}'
);
create index on app.people_events (user_id, seq);

create function app.refuse_rewriting() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name;
end $$;
create trigger append_only before update or delete on app.qualifications for each row execute function app.refuse_rewriting();
create trigger append_only before update or delete on app.people_events for each row execute function app.refuse_rewriting();
