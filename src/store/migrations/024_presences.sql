-- Up Migration
-- When an office's people were there to be heard of, and when the system itself (`*`) was: stretches without a gap. What
-- lies between them within the opening hours are outages (plan, R1). No person is in it.
create table app.presences (
  office text collate "C" not null,
  from_at timestamptz(3) not null,
  to_at timestamptz(3) not null check (to_at >= from_at),
  primary key (office, from_at)
);
create index presences_to on app.presences (to_at);
