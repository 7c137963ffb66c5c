-- Up Migration
-- K2 over a year is read from one index: what a posting is told apart by stands beside it
alter table app.postings add column office text, add column clerk text;
update app.postings p set office = s.office, clerk = s.clerk from app.settlements s where s.id = p.settlement_id;
alter table app.postings alter column office set not null, alter column clerk set not null;

create function app.know_settlement() returns trigger language plpgsql as $$
begin
  -- the settlement is there before: a posting is scheduled in a step of its own
  if new.office is null then
    select s.office, s.clerk into new.office, new.clerk from app.settlements s where s.id = new.settlement_id;
  end if;
  return new;
end $$;
create trigger know_settlement before insert on app.postings for each row execute function app.know_settlement();

create index postings_taken on app.postings (due_on) include (cycle, office, clerk) where status = 'taken';
drop index app.postings_due_on_idx;
-- the cycle that a settlement's amounts were first due in
create index postings_first on app.postings (settlement_id) include (posting, cycle) where kind = 'settlement' and revision = 1;

-- R1 and R2 by the few that they concern
create index settlements_late_entries on app.settlements (received_at) include (office) where late_entry;
create index settlements_stale on app.settlements (received_at) include (office) where warnings @> '[{"code": "STALE_FEED"}]' and announced_at is not null;
