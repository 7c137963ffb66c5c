-- Up Migration
-- when a central billing system, which is told instead of asking, was known to hold the batch
alter table app.posting_batches add column submitted_at timestamptz;
