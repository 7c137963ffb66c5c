/** One event of a settlement, as SQL expressions over the rows of `from`. */
export interface NewEvent {
  /** the relation whose rows are told of, one event a row; `on …` and `where …` may follow its name */
  from: string;
  settlement: string;
  kind: string;
  /** the same of one kind is told once */
  key: string;
  /** now when absent */
  at?: string;
  /** what happened, for people: codes, amounts, ids and who acted */
  data?: string;
  /** what stands otherwise from now on, as a part of app.settlement_states: the log must give the stored state again */
  changed?: string;
  /** names and free texts, the same for every row: kept apart, so that they can be erased while the log stays as it is */
  person?: string;
}

/** A CTE `name` that appends to the log and holds the appended events' numbers; its persons beside it. */
export function append(
  { from, settlement, kind, key, at = 'clock_timestamp()', data = `'{}'`, changed = 'null', person }: NewEvent,
  name = 'e',
): string {
  const events = `${name} as (insert into app.events (settlement_id, kind, key, at, data, changed)
    select ${settlement}, ${kind}, ${key}, ${at}, ${data}, ${changed} from ${from} on conflict do nothing returning seq)`;
  if (person === undefined) return events;
  return `${events}, ${name}_person as (insert into app.event_persons (event, data) select seq, x.person from ${name} cross join (select ${person} as person) x where x.person is not null)`;
}

/** A CTE `e` that appends several events, in their order. None of them names a person. */
export function appendAll(events: Omit<NewEvent, 'person'>[]): string {
  const rows = events.map(
    ({ from, settlement, kind, key, at = 'clock_timestamp()', data = `'{}'::jsonb`, changed = 'null::jsonb' }) =>
      `select ${settlement}, ${kind}, ${key}, ${at}, ${data}, ${changed} from ${from}`,
  );
  return `e as (insert into app.events (settlement_id, kind, key, at, data, changed) ${rows.join(' union all ')} on conflict do nothing returning seq)`;
}

/** Those of the named texts that are there, as JSON; null when none is. `texts`: name → SQL expression. */
export function texts(of: Record<string, string>): string {
  const pairs = Object.entries(of).map(([name, expression]) => `'${name}', ${expression}`);
  return `nullif(jsonb_strip_nulls(jsonb_build_object(${pairs.join(', ')})), '{}')`;
}

/** The rows of a CTE as JSON by their key; empty when there is none. */
export function byKey(cte: string, key: string, state: string): string {
  return `coalesce((select jsonb_object_agg(${key}, ${state}) from ${cte}), '{}')`;
}
