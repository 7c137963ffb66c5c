-- Up Migration
-- Who looked at a person's data: append-only, kept for three years (see docs/operations.md).
create table app.access_log (
  seq bigint generated always as identity primary key,
  at timestamptz not null,
  user_id text not null,
  user_name text not null,
  role text not null,
  office text not null,
  -- the call of the API, by its pattern
  call text not null,
  -- whose data was shown; what was searched for is not kept, since it may be a person's data itself
  subscriptions text[] not null,
  settlement_id text,
  request_id text not null
);
create index on app.access_log using gin (subscriptions);
create index on app.access_log (user_id, seq);
create index on app.access_log (at);

-- nothing is changed, and nothing leaves before its time, whoever asks
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
