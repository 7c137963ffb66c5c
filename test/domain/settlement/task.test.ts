import { DEFAULT_SERVICE_TERMS } from '../../../src/domain/settlement/service-terms.js';
import type { Operator, Role } from '../../../src/domain/settlement/settlement.js';
import {
  EVERY_OFFICE,
  TASK_KINDS,
  TASK_OF_FINDING,
  type Task,
  dueOf,
  escalationOf,
  kindsOf,
  mayClose,
  reminderOf,
  seesTask,
  taskId,
  taskKind,
} from '../../../src/domain/settlement/task.js';

const operator = (role: Role, office = '01', id = 'u1'): Operator => ({ id, name: 'x', role, office });
const waiting = (kind: Task['kind'], change: Partial<Task> = {}) => ({
  kind,
  office: '01',
  role: taskKind(kind).role,
  assignee: null,
  ...change,
});

test('every kind has a role, a Persian title and an end', () => {
  expect(TASK_KINDS.length).toBeGreaterThan(3);
  for (const kind of TASK_KINDS)
    expect(taskKind(kind)).toMatchObject({
      role: expect.any(String),
      title: expect.stringMatching(/[آ-ی]/),
      endedBy: expect.stringMatching(/^(work|person)$/),
    });
  expect(kindsOf('clerk')).toEqual(['deliver', 'correction']);
});

test('one id of a kind and settlement, fit to stand in an address', () => {
  expect(taskId('deliver', '014123456701-14050904')).toBe('deliver.014123456701-14050904');
});

test.each<[Task['kind'], string]>([
  // the hand-over and a look at a breach belong to the day
  ['deliver', '2026-11-25T20:30:00.000Z'],
  ['breached', '2026-11-25T20:30:00.000Z'],
  // billing has the hours of a correction: 24 by default
  ['readingBelowEstimate', '2026-11-26T06:30:00.000Z'],
  ['meterReversed', '2026-11-26T06:30:00.000Z'],
])('%s opened at 10:00 Tehran is due at %s', (kind, due) => {
  expect(dueOf(kind, { at: '2026-11-25T06:30:00.000Z', dayEndsAt: '2026-11-25T20:30:00.000Z' }, DEFAULT_SERVICE_TERMS)).toBe(due);
});

test('plan R5: an overdue task goes to the supervisor after the hours that the terms set', () => {
  expect(escalationOf('deliver', '2026-11-25T20:30:00.000Z', { escalateAfterHours: 24, daysOff: [] })).toBe('2026-11-26T20:30:00.000Z');
  expect(escalationOf('deliver', '2026-11-25T20:30:00.000Z', { escalateAfterHours: 2, daysOff: [] })).toBe('2026-11-25T22:30:00.000Z');
});

test('findings that billing has to mend lead to its tasks', () => {
  expect(TASK_OF_FINDING).toEqual({ READING_BELOW_ESTIMATE: 'readingBelowEstimate', METER_REVERSED: 'meterReversed' });
  for (const kind of Object.values(TASK_OF_FINDING)) expect(taskKind(kind).role).toBe('billing');
});

test('over holidays the hours of what an office does stand still: due time, reminder and escalation', () => {
  // Thursday 27 Esfand 1405, 10:00; Friday, 29 Esfand and 1 to 4 Farvardin are off
  const at = '2027-03-18T06:30:00.000Z';
  const due = dueOf('correction', { at, dayEndsAt: '2027-03-18T20:30:00.000Z' }, DEFAULT_SERVICE_TERMS);
  expect(due).toBe('2027-03-25T06:30:00.000Z');
  expect(reminderOf('correction', at, due, DEFAULT_SERVICE_TERMS)).toBe('2027-03-18T18:30:00.000Z');
  // Thursday 10:00 again: the next day is a Friday
  expect(escalationOf('correction', due, DEFAULT_SERVICE_TERMS)).toBe('2027-03-27T06:30:00.000Z');
  expect(reminderOf('deliver', at, due, DEFAULT_SERVICE_TERMS)).toBeNull();
  // what is due sooner than the reminder is not reminded of
  expect(reminderOf('takeAction', at, '2027-03-18T10:00:00.000Z', DEFAULT_SERVICE_TERMS)).toBeNull();
});

describe('who sees a task, and who may close it by a note', () => {
  test.each<[string, Operator, ReturnType<typeof waiting>, boolean, boolean]>([
    ['a clerk, the own office’s', operator('clerk'), waiting('deliver'), true, true],
    ['a clerk, another’s of the office', operator('clerk'), waiting('deliver', { assignee: 'u2' }), true, false],
    ['a clerk, given to him', operator('clerk'), waiting('breached', { assignee: 'u1' }), true, true],
    ['a clerk, of another role', operator('clerk'), waiting('breached'), true, false],
    ['a clerk, another office’s', operator('clerk'), waiting('deliver', { office: '02' }), false, false],
    ['a clerk, the whole company’s', operator('clerk'), waiting('readingBelowEstimate', { office: EVERY_OFFICE }), true, false],
    ['a supervisor, anybody’s of the office', operator('supervisor'), waiting('deliver', { assignee: 'u2' }), true, true],
    ['a supervisor, another office’s', operator('supervisor'), waiting('breached', { office: '02' }), false, false],
    ['billing, of any office', operator('billing', ''), waiting('meterReversed', { office: '02' }), true, true],
    ['billing, gone to the supervisor', operator('billing', ''), waiting('meterReversed', { role: 'supervisor' }), true, false],
    ['billing, a clerk’s', operator('billing', ''), waiting('deliver'), false, false],
    ['billing, a correction referred to it', operator('billing', ''), waiting('correction', { role: 'billing' }), true, true],
    ['billing, a clerk’s that was given to it', operator('billing', ''), waiting('deliver', { assignee: 'u1' }), true, true],
    ['billing, a clerk’s that was given to another', operator('billing', ''), waiting('deliver', { assignee: 'u2' }), false, false],
    ['quality looks on', operator('quality', ''), waiting('breached'), true, false],
    ['what was given to a clerk of another office', operator('clerk', '02'), waiting('takeAction', { assignee: 'u1' }), true, true],
    ['an admin looks on', operator('admin', ''), waiting('breached', { office: '02' }), true, false],
  ])('%s', (_, who, task, sees, closes) => {
    expect([seesTask(who, task), mayClose(who, task)]).toEqual([sees, closes]);
  });
});
