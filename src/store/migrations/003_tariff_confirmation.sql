-- Up Migration
-- the second person who confirmed a publication; null only for practice data, which nobody confirms
alter table app.tariffs
  add column confirmed_by text,
  add constraint another_confirms check (confirmed_by <> published_by);
