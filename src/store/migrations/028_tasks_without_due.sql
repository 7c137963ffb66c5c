-- tasks written together with a payment get their due times afterwards: found among millions of closed ones
create index tasks_without_due on app.tasks (since, id) where due_at is null and closed_at is null;
