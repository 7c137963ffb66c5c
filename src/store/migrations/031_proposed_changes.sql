-- Up Migration
-- a tariff that was made of the one in force and a change of its service: made again before it is published, so that nothing that was published meanwhile is undone
alter table app.proposals add column change jsonb;
