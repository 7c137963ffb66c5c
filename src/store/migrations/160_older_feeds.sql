-- Up Migration
-- Older files that two persons took in the place of newer ones.
create table billing.older_feeds (
  kind text collate "C" not null,
  loaded_at timestamptz not null,
  as_of billing.jalali_date not null,
  replaced_as_of billing.jalali_date not null,
  sha256 text not null,
  by text not null,
  confirmed_by text not null,
  primary key (kind, loaded_at)
);
