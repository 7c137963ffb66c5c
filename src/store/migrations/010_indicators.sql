-- Up Migration
-- Indicators: figures per settlement and per posting that triggers maintain in the same transaction, the monthly reports, and
-- when offices were reachable. Figures are narrow rows, one a settlement: a million are read in a moment, and no settlement
-- waits for another. The views define what the tables must hold.

create function app.first_cycle(id text) returns text language sql stable as $$
  -- the cycle in which the settlement's amounts were first due; of a posting that was moved the one it came from
  select coalesce((select m.from_cycle from app.postings p join app.posting_moves m using (posting)
      where p.settlement_id = id and p.kind = 'settlement' and p.revision = 1 order by m.at limit 1),
    (select p.cycle from app.postings p where p.settlement_id = id and p.kind = 'settlement' and p.revision = 1 order by p.posting limit 1), '')
$$;

create view app.measures_due as
select s.received_at, s.elapsed_ms, (s.received_at at time zone 'Asia/Tehran')::date as received_on,
  s.late_entry, s.announced_at is not null as announced, s.breached_at is not null as breached, coalesce(s.within_target, false) as within_target, s.at_risk_at is not null as at_risk,
  (select count(*) from app.corrections c where c.settlement_id = s.id and c.status <> 'withdrawn')::smallint as errors,
  s.office, s.clerk, app.first_cycle(s.id) as cycle, s.id as settlement_id
from app.settlements s;

-- columns of fixed width first: a scan of all rows does not compute the offsets of the others
create table app.measures (
  received_at timestamptz not null,
  elapsed_ms bigint,
  -- the day in Tehran
  received_on date not null,
  late_entry boolean not null,
  announced boolean not null,
  breached boolean not null,
  within_target boolean not null,
  at_risk boolean not null,
  -- corrections that were not withdrawn
  errors smallint not null,
  office text not null,
  clerk text not null,
  cycle text not null,
  settlement_id text primary key references app.settlements on delete cascade
) with (fillfactor = 90);
create index measures_received on app.measures (received_at);

-- Postings as K2 counts them: once for each closing day by which billing was to take them. A change is another row; rows of
-- the same key are added up periodically (app.sum_dues), never by the transaction that hands over or takes.
create view app.dues_due as
select due_on, cycle, office, clerk, sum(due)::integer as due, sum(taken)::integer as taken
from (
  select p.due_on, coalesce(p.cycle, '') as cycle, p.office, p.clerk, 1 as due, 1 as taken from app.postings p where p.status = 'taken' and p.due_on is not null
  union all
  select m.due_on, coalesce(m.from_cycle, ''), p.office, p.clerk, 1, 0 from app.posting_moves m join app.postings p using (posting) where m.why = 'late' and m.due_on is not null
) d group by due_on, cycle, office, clerk;

create table app.dues (
  due_on text not null,
  cycle text not null,
  office text not null,
  clerk text not null,
  due integer not null,
  taken integer not null,
  -- the sum of changes; else one change
  summed boolean not null default false
);
create unique index dues_summed on app.dues (due_on, cycle, office, clerk) where summed;
create index dues_changes on app.dues (due_on) where not summed;

create function app.measure_settlement() returns trigger language plpgsql as $$
begin
  insert into app.measures as m (received_at, elapsed_ms, received_on, late_entry, announced, breached, within_target, at_risk, errors, office, clerk, cycle, settlement_id)
  values (new.received_at, new.elapsed_ms, (new.received_at at time zone 'Asia/Tehran')::date, new.late_entry, new.announced_at is not null, new.breached_at is not null,
    coalesce(new.within_target, false), new.at_risk_at is not null, 0, new.office, new.clerk, '', new.id)
  -- other triggers maintain errors and cycle
  on conflict (settlement_id) do update set received_at = excluded.received_at, elapsed_ms = excluded.elapsed_ms, received_on = excluded.received_on, late_entry = excluded.late_entry,
    announced = excluded.announced, breached = excluded.breached, within_target = excluded.within_target, at_risk = excluded.at_risk, office = excluded.office, clerk = excluded.clerk;
  return null;
end $$;
create trigger measure_new after insert on app.settlements for each row execute function app.measure_settlement();
create trigger measure after update on app.settlements for each row when (
  (old.received_at, old.elapsed_ms, old.late_entry, old.announced_at is null, old.breached_at is null, old.within_target, old.at_risk_at is null, old.office, old.clerk)
    is distinct from
  (new.received_at, new.elapsed_ms, new.late_entry, new.announced_at is null, new.breached_at is null, new.within_target, new.at_risk_at is null, new.office, new.clerk))
  execute function app.measure_settlement();

create function app.measure_correction() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' and old.status <> 'withdrawn' then
    update app.measures set errors = errors - 1 where settlement_id = old.settlement_id;
  end if;
  if tg_op <> 'DELETE' and new.status <> 'withdrawn' then
    update app.measures set errors = errors + 1 where settlement_id = new.settlement_id;
  end if;
  return null;
end $$;
create trigger measure_new after insert or delete on app.corrections for each row execute function app.measure_correction();
create trigger measure after update on app.corrections for each row
  when ((old.settlement_id, old.status = 'withdrawn') is distinct from (new.settlement_id, new.status = 'withdrawn')) execute function app.measure_correction();

create function app.measure_posting() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' and old.status = 'taken' and old.due_on is not null then
    insert into app.dues (due_on, cycle, office, clerk, due, taken) values (old.due_on, coalesce(old.cycle, ''), old.office, old.clerk, -1, -1);
  end if;
  if tg_op <> 'DELETE' and new.status = 'taken' and new.due_on is not null then
    insert into app.dues (due_on, cycle, office, clerk, due, taken) values (new.due_on, coalesce(new.cycle, ''), new.office, new.clerk, 1, 1);
  end if;
  if tg_op = 'DELETE' then
    update app.measures set cycle = app.first_cycle(old.settlement_id) where settlement_id = old.settlement_id;
  elsif new.kind = 'settlement' and new.revision = 1 and (tg_op = 'INSERT' or old.cycle is distinct from new.cycle) then
    update app.measures set cycle = app.first_cycle(new.settlement_id) where settlement_id = new.settlement_id;
  end if;
  return null;
end $$;
create trigger measure_new after insert or delete on app.postings for each row execute function app.measure_posting();
create trigger measure after update on app.postings for each row
  when ((old.cycle, old.due_on, old.status = 'taken', old.office, old.clerk) is distinct from (new.cycle, new.due_on, new.status = 'taken', new.office, new.clerk)) execute function app.measure_posting();

create function app.measure_move() returns trigger language plpgsql as $$
declare p app.postings;
begin
  if tg_op <> 'INSERT' then
    select * into p from app.postings where posting = old.posting;
    if old.why = 'late' and old.due_on is not null then
      insert into app.dues (due_on, cycle, office, clerk, due, taken) values (old.due_on, coalesce(old.from_cycle, ''), p.office, p.clerk, -1, 0);
    end if;
  end if;
  if tg_op <> 'DELETE' then
    select * into p from app.postings where posting = new.posting;
    if new.why = 'late' and new.due_on is not null then
      insert into app.dues (due_on, cycle, office, clerk, due, taken) values (new.due_on, coalesce(new.from_cycle, ''), p.office, p.clerk, 1, 0);
    end if;
  end if;
  if p.kind = 'settlement' and p.revision = 1 then
    update app.measures set cycle = app.first_cycle(p.settlement_id) where settlement_id = p.settlement_id;
  end if;
  return null;
end $$;
create trigger measure after insert or update or delete on app.posting_moves for each row execute function app.measure_move();

-- no posting is due once the table is truncated
create function app.measure_nothing() returns trigger language plpgsql as $$
begin
  truncate app.dues;
  return null;
end $$;
create trigger measure_nothing after truncate on app.postings for each statement execute function app.measure_nothing();

-- Adds up to `most` changes to their sums and returns how many. One run at a time; it blocks no reader or writer.
create function app.sum_dues(most integer) returns integer language plpgsql as $$
declare found_changes integer;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('app.sum_dues', 0)) then
    return 0;
  end if;
  with gone as (delete from app.dues where ctid = any(array(select ctid from app.dues where not summed limit most)) returning due_on, cycle, office, clerk, due, taken),
  added as (insert into app.dues as d (due_on, cycle, office, clerk, due, taken, summed)
    select due_on, cycle, office, clerk, sum(due), sum(taken), true from gone group by 1, 2, 3, 4
    on conflict (due_on, cycle, office, clerk) where summed do update set due = d.due + excluded.due, taken = d.taken + excluded.taken)
  select count(*) into found_changes from gone;
  return found_changes;
end $$;

-- Rebuilds everything from the rows; writers wait for it.
create function app.measure_anew() returns void language plpgsql as $$
begin
  lock table app.settlements, app.corrections, app.postings, app.posting_moves in share row exclusive mode;
  perform pg_advisory_xact_lock(hashtextextended('app.sum_dues', 0));
  drop index if exists app.measures_received;
  alter table app.measures drop constraint if exists measures_pkey;
  truncate app.measures, app.dues;
  -- in the order of receipt, so that a month is contiguous
  insert into app.measures
  select s.received_at, s.elapsed_ms, (s.received_at at time zone 'Asia/Tehran')::date, s.late_entry, s.announced_at is not null, s.breached_at is not null, coalesce(s.within_target, false),
    s.at_risk_at is not null, coalesce(c.errors, 0), s.office, s.clerk, coalesce(f.cycle, ''), s.id
  from app.settlements s
  left join (select settlement_id, count(*) as errors from app.corrections where status <> 'withdrawn' group by 1) c on c.settlement_id = s.id
  left join (select distinct on (p.settlement_id) p.settlement_id, coalesce(m.from_cycle, p.cycle) as cycle from app.postings p
      left join (select distinct on (posting) posting, from_cycle, at from app.posting_moves order by posting, at) m using (posting)
    where p.kind = 'settlement' and p.revision = 1 order by p.settlement_id, m.at nulls last, p.posting) f on f.settlement_id = s.id
  order by s.received_at;
  alter table app.measures add primary key (settlement_id);
  create index measures_received on app.measures (received_at);
  insert into app.dues select due_on, cycle, office, clerk, due, taken, true from app.dues_due;
end $$;
-- The monthly reports as they were made: a figure in one never changes, making it again is another edition.
create table app.quality_reports (
  -- Jalali yyyy/mm
  month text not null,
  edition integer not null check (edition > 0),
  made_at timestamptz(3) not null,
  -- who requested it; null: the schedule
  made_by text,
  -- the figures (domain/quality/quality-report.ts)
  report jsonb not null,
  pdf bytea not null,
  xlsx bytea not null,
  primary key (month, edition)
);
create trigger append_only before update or delete on app.quality_reports for each row execute function app.refuse_rewriting();

-- When an office's people were reachable, and when the system itself (`*`) was: periods without a gap. The gaps between them
-- within the opening hours are outages (plan, R1). They name no person.
create table app.presences (
  office text collate "C" not null,
  from_at timestamptz(3) not null,
  to_at timestamptz(3) not null check (to_at >= from_at),
  primary key (office, from_at)
);
create index presences_to on app.presences (to_at);
