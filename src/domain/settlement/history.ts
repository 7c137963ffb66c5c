/** A settlement's state in the form of app.settlement_states: plain JSON, collections as objects by their keys. */
export interface RecordedState {
  [part: string]: Recorded;
}
export type Recorded = null | boolean | number | string | Recorded[] | { [field: string]: Recorded };

/** An event of the log: what it left changed, null when nothing of the settlement's state. */
export interface RecordedEvent {
  kind: string;
  changed: RecordedState | null;
}

/** A place where the stored state is not what the log tells; undefined: nothing there. */
export interface HistoryDifference {
  /** dotted, such as `bills.1.total` */
  field: string;
  log: Recorded | undefined;
  stored: Recorded | undefined;
}

const NOTHING: RecordedState = {
  steps: {},
  bills: {},
  postings: {},
  corrections: {},
  refund: null,
  overrides: {},
  payments: {},
  copies: {},
  clearances: {},
};

/**
 * The state that the events of one settlement give, in their order: each says what it left changed. A receipt begins anew
 * (a rejected request may be sent again under its id); only a supervisor's acceptance comes before it. Null without a receipt.
 */
export function rebuild(events: readonly RecordedEvent[]): RecordedState | null {
  let state = NOTHING;
  for (const { kind, changed } of events) {
    if (kind === 'received') state = { ...NOTHING, overrides: state['overrides'] ?? {} };
    if (changed) state = merged(state, changed);
  }
  return state['settlement'] === undefined ? null : state;
}

function merged(state: RecordedState, change: RecordedState): RecordedState {
  const result = { ...state };
  for (const [field, value] of Object.entries(change)) {
    const before = result[field];
    result[field] = isObject(value) && isObject(before) ? merged(before, value) : value;
  }
  return result;
}

/** Where two states differ, field by field. */
export function historyDifferences(log: Recorded | undefined, stored: Recorded | undefined, field = ''): HistoryDifference[] {
  if (isObject(log) && isObject(stored)) {
    const fields = [...new Set([...Object.keys(log), ...Object.keys(stored)])].sort();
    return fields.flatMap((each) => historyDifferences(log[each], stored[each], field === '' ? each : `${field}.${each}`));
  }
  return JSON.stringify(log) === JSON.stringify(stored) ? [] : [{ field, log, stored }];
}

function isObject(value: Recorded | undefined): value is RecordedState {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
