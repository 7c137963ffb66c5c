-- Up Migration
-- The monthly reports as they were made: a figure in one never changes, making it again is another edition.
create table app.quality_reports (
  -- Jalali yyyy/mm
  month text not null,
  edition integer not null check (edition > 0),
  made_at timestamptz(3) not null,
  -- who asked for it; null: the schedule
  made_by text,
  -- the figures (domain/quality-report.ts)
  report jsonb not null,
  pdf bytea not null,
  xlsx bytea not null,
  primary key (month, edition)
);
create trigger append_only before update or delete on app.quality_reports for each row execute function app.refuse_rewriting();
