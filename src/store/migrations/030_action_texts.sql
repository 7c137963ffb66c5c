-- Up Migration
-- What was written freely about a corrective action may name a subscriber: it stands apart from the append-only acts, so that
-- it can be erased while they stay as they were written.
create table app.corrective_action_texts (
  n integer not null,
  version integer not null,
  data jsonb not null,
  primary key (n, version),
  foreign key (n, version) references app.corrective_action_events
);

alter table app.corrective_action_events disable trigger append_only;
insert into app.corrective_action_texts (n, version, data)
select n, version, (select jsonb_object_agg(k, act->k) from unnest(array['participants', 'minutes', 'cause', 'what', 'note', 'report']) as k where act ? k)
from app.corrective_action_events where act ?| array['participants', 'minutes', 'cause', 'what', 'note', 'report'];
update app.corrective_action_events set act = act - array['participants', 'minutes', 'cause', 'what', 'note', 'report'];
alter table app.corrective_action_events enable trigger append_only;

-- an erased subject or reason is empty, and then every one of them stands for itself
alter table app.corrective_actions drop constraint corrective_actions_subject_check;
drop index app.corrective_actions_once;
create unique index corrective_actions_once on app.corrective_actions (scope, subject, month, (case when subject = '' or reason = '' then n::text else coalesce(md5(reason), '') end));
