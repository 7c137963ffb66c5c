-- Up Migration
-- The company's billing system as the feeds tell it. Nothing here is written by a settlement.
create schema billing;

-- compares as text in calendar order, whatever the database's collation
create domain billing.jalali_date as text collate "C" check (value ~ '^[0-9]{4}/[0-9]{2}/[0-9]{2}$');

-- whole rials inside the range that a JSON number carries exactly
create domain billing.rial as bigint check (value between -9007199254740991 and 9007199254740991);

create table billing.accounts (
  subscription text collate "C" primary key,
  file text collate "C" not null,
  company text collate "C" not null,
  -- from file and company, so that a search by bill id is one index look-up
  bill_id text collate "C" not null,
  name text not null,
  national_id text collate "C" not null,
  mobile text collate "C" not null,
  address text not null,
  postal_code text collate "C" not null,
  office text collate "C" not null,
  series text collate "C" not null,
  use text collate "C" not null,
  climate smallint not null,
  area text collate "C" not null check (area in ('urban', 'rural')),
  units integer not null check (units > 0),
  welfare boolean not null,
  connected_on billing.jalali_date not null,
  closed_on billing.jalali_date,
  -- name and address from each word on, folded and without gaps: a word of a query finds them by prefix
  search_words tsvector not null
);
create index accounts_bill_id on billing.accounts (bill_id);
create index accounts_national_id on billing.accounts (national_id) where national_id <> '';
create index accounts_search on billing.accounts using gin (search_words);
create index accounts_series on billing.accounts (series);

create table billing.meters (
  subscription text collate "C" not null references billing.accounts,
  serial text collate "C" not null,
  digits smallint not null check (digits between 1 and 9),
  capacity numeric not null check (capacity > 0),
  coefficient numeric not null check (coefficient > 0),
  installed_on billing.jalali_date not null,
  start_reading integer not null check (start_reading >= 0),
  removed_on billing.jalali_date,
  end_reading integer check (end_reading >= 0),
  -- a meter may be taken out and fitted again
  primary key (subscription, serial, installed_on)
);
create index meters_serial on billing.meters (upper(serial));

create table billing.bills (
  subscription text collate "C" not null references billing.accounts,
  serial text collate "C" not null,
  cycle text collate "C" not null,
  issued_on billing.jalali_date not null,
  from_date billing.jalali_date not null,
  to_date billing.jalali_date not null check (to_date >= from_date),
  from_reading integer not null check (from_reading >= 0),
  to_reading integer not null check (to_reading >= 0),
  reading_source text collate "C" not null check (reading_source in ('declared', 'staff', 'estimated', 'none')),
  total_due billing.rial not null,
  primary key (subscription, serial)
);
create index bills_newest on billing.bills (subscription, to_date desc);

-- counted_in_bill may name a bill that has not been fed yet, so it is no foreign key
create table billing.payments (
  reference text collate "C" primary key,
  subscription text collate "C" not null references billing.accounts,
  paid_on billing.jalali_date not null,
  amount billing.rial not null,
  payment_id text collate "C",
  counted_in_bill text collate "C"
);
create index payments_subscription on billing.payments (subscription);

create table billing.adjustments (
  reference text collate "C" primary key,
  subscription text collate "C" not null references billing.accounts,
  "on" billing.jalali_date not null,
  amount billing.rial not null,
  reason text not null,
  counted_in_bill text collate "C"
);
create index adjustments_subscription on billing.adjustments (subscription);

create table billing.instalments (
  reference text collate "C" primary key,
  subscription text collate "C" not null references billing.accounts,
  due_on billing.jalali_date not null,
  amount billing.rial not null,
  counted_in_bill text collate "C"
);
create index instalments_subscription on billing.instalments (subscription);

create table billing.deposits (
  reference text collate "C" primary key,
  subscription text collate "C" not null references billing.accounts,
  amount billing.rial not null,
  "on" billing.jalali_date not null
);
create index deposits_subscription on billing.deposits (subscription);

create table billing.cycles (
  cycle text collate "C" primary key,
  series text collate "C" not null,
  from_date billing.jalali_date not null,
  to_date billing.jalali_date not null,
  closes_on billing.jalali_date not null,
  issues_on billing.jalali_date not null,
  objection_days integer not null check (objection_days >= 0)
);
create index cycles_open on billing.cycles (series, closes_on);

create table billing.feeds (
  kind text collate "C" primary key,
  loaded_at timestamptz not null,
  as_of billing.jalali_date not null,
  rows integer not null,
  sha256 text not null
);

-- Feeds of an earlier day that two persons accepted in place of newer ones
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
