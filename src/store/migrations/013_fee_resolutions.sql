-- Up Migration
-- who recorded a board's resolution and the second person who confirmed it; null for practice data and for what was put in before
alter table app.fee_resolutions
  add column recorded_by text,
  add column confirmed_by text,
  add column recorded_at timestamptz,
  -- of two with one first day and one date of resolution the one recorded last stands
  add column seq bigint generated always as identity,
  add constraint another_confirms check (confirmed_by <> recorded_by);
alter table app.fee_resolutions alter column recorded_at set default now();
