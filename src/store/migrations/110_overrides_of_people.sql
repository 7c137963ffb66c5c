-- Up Migration
-- Nobody accepts a finding of the own request: such an acceptance must not keep another person's out.
alter table app.overrides drop constraint overrides_settlement_id_code_reading_key;
create unique index overrides_once on app.overrides (settlement_id, code, reading, (by ->> 'id')) nulls not distinct;
create or replace function app.override_key(o app.overrides) returns text language sql immutable as $$
  select o.code || coalesce('/' || o.reading, '') || '/' || (o.by ->> 'id')
$$;
