-- Up Migration
-- the closing day that passed: what K2 counts by
alter table app.posting_moves add column due_on text;
update app.posting_moves m set due_on = c.closes_on from app.billing_cycles c where c.cycle = m.from_cycle;
create index on app.posting_moves (due_on) where why = 'late';
create index on app.postings (due_on) where status = 'taken';

-- K1 and K5 over a year of announcements are read from the index alone
create index settlements_indicators on app.settlements (received_at)
  include (office, clerk, status, announced_at, elapsed_ms, within_target, late_entry, at_risk_at, breached_at);
