import type { Account } from '../settlement/account.js';
import type { Finding } from '../settlement/finding.js';
import type { AccountView, SettlementFacts } from '../settlement/settlement.js';
import type { CorrectiveAction } from '../correction/corrective-action.js';
import { sameName, searchText } from '../text.js';
import type { BillInputs } from '../settlement/verification.js';

/** Whose data is erased: the person of a national id, or everybody who is named in a subscription's settlements. */
export type Erased = { nationalId: string } | 'everyone';

/** What stands for an erased text; a document prints it as nothing. */
export const ERASED = '';

interface Named {
  name?: string | undefined;
  nationalId?: string | undefined;
}

/** The names under which a person stands in the records of one settlement: without an id only a name tells who it is. */
export function namesOf(who: Erased, records: readonly (BillInputs | { facts: SettlementFacts })[]): string[] {
  if (who === 'everyone') return [];
  const persons = records.flatMap((record): Named[] => [
    record.facts.applicant,
    ...(record.facts.newSubscriber ? [record.facts.newSubscriber] : []),
    ...('snapshot' in record ? [record.snapshot.account] : []),
  ]);
  return [...new Set(persons.filter(({ nationalId }) => nationalId === who.nationalId).flatMap(({ name }) => (name ? [name] : [])))];
}

/** Whatever names the persons who are erased: names, national ids and mobile numbers of the records of a settlement. */
export function marksOf(who: Erased, records: readonly (BillInputs | { facts: SettlementFacts })[]): string[] {
  const marks = records.flatMap((record) => {
    const { applicant, newSubscriber } = record.facts;
    const persons: (Named & { mobile?: string | undefined })[] = [
      applicant,
      ...(newSubscriber ? [newSubscriber] : []),
      ...('snapshot' in record ? [record.snapshot.account] : []),
    ];
    return persons
      .filter(({ nationalId }) => who === 'everyone' || nationalId === who.nationalId)
      .flatMap(({ name, nationalId, mobile }) => [name, nationalId, mobile]);
  });
  return [...new Set(marks.flatMap((mark) => (mark ? [mark] : [])))];
}

/** Whether a text says one of the marks, however it is typed. */
function says(text: string, marks: readonly string[]): boolean {
  const folded = searchText(text);
  return marks.some((mark) => folded.includes(searchText(mark)));
}

type ActionTexts = Pick<CorrectiveAction, 'subject' | 'reason' | 'meeting' | 'actions' | 'closure'>;

/**
 * Erases from a corrective action what was written freely: all of it when it is `about` a settlement of the persons, else each
 * text that says one of their marks. Who did what and when stays, and so does the subject, unless it is a text itself.
 */
export function actionEraser(marks: readonly string[]) {
  const text =
    (about: boolean) =>
    (of: string): string =>
      about || says(of, marks) ? ERASED : of;
  return {
    action<A extends ActionTexts & Pick<CorrectiveAction, 'scope'>>(of: A, about: boolean): A {
      const erased = text(about);
      const orNull = (each: string | null): string | null => each && erased(each);
      const { scope, subject, reason, meeting, actions, closure } = of;
      return {
        ...of,
        subject: scope === 'other' ? erased(subject) : subject,
        reason: orNull(reason),
        meeting: meeting && {
          ...meeting,
          participants: meeting.participants.map(text(false)),
          minutes: orNull(meeting.minutes),
          cause: orNull(meeting.cause),
        },
        actions: actions.map((each) => ({
          ...each,
          what: erased(each.what),
          done: each.done && { ...each.done, note: erased(each.done.note) },
          effect: each.effect && { ...each.effect, note: erased(each.effect.note) },
        })),
        closure: closure && { ...closure, report: erased(closure.report) },
      };
    },
    /** the texts of one act, as they stand apart from it; participants are colleagues, but for one who is erased */
    act(of: Record<string, string | string[]>, about: boolean): Record<string, string | string[]> {
      return Object.fromEntries(
        Object.entries(of).map(([field, value]) => [field, typeof value === 'string' ? text(about)(value) : value.map(text(false))]),
      );
    },
  };
}

/**
 * Erases a person from the records of one settlement: name, national id, mobile, address and what was written freely, since
 * that may name anybody. Amounts, ids, dates, readings and codes stay, so that every computation comes out as before.
 */
export function eraser(who: Erased, names: readonly string[]) {
  const isMeant = ({ name, nationalId }: Named): boolean =>
    who === 'everyone' ||
    (nationalId !== undefined && nationalId === who.nationalId) ||
    (name !== undefined && names.some((each) => sameName(each, name)));
  const address = { address: ERASED, postalCode: ERASED };

  const facts = (of: SettlementFacts): SettlementFacts => {
    const { applicant, newSubscriber } = of;
    return {
      ...of,
      applicant: isMeant(applicant) ? { kind: applicant.kind, name: ERASED, nationalId: ERASED } : applicant,
      ...(newSubscriber && {
        newSubscriber: isMeant(newSubscriber) ? { name: ERASED, nationalId: ERASED, from: newSubscriber.from } : newSubscriber,
      }),
      confirmations: of.confirmations.map(({ code }) => ({ code, reason: ERASED })),
    };
  };
  const account = (of: Account): Account => (isMeant(of) ? { ...of, ...address, name: ERASED, nationalId: ERASED, mobile: ERASED } : of);
  return {
    facts,
    inputs: (of: BillInputs): BillInputs => ({
      ...of,
      facts: facts(of.facts),
      snapshot: { ...of.snapshot, account: account(of.snapshot.account) },
    }),
    account: (of: AccountView): AccountView => (isMeant(of) ? { ...of, ...address, name: ERASED } : of),
    /** of a clearance letter */
    person: <P extends { name: string; address: string; postalCode: string }>(of: P): P =>
      isMeant(of) ? { ...of, ...address, name: ERASED } : of,
    name: (of: string): string => (isMeant({ name: of }) ? ERASED : of),
    /** a posting's detail, also inside a batch: the new subscriber's, and a reason that somebody wrote */
    detail(of: Record<string, unknown>): Record<string, unknown> {
      const { mobile: _, ...rest } = of;
      const text = (field: string): string | undefined => (typeof of[field] === 'string' ? of[field] : undefined);
      const meant = of['name'] !== undefined && isMeant({ name: text('name'), nationalId: text('nationalId') });
      return { ...(meant ? { ...rest, name: ERASED, nationalId: ERASED } : of), ...(of['reason'] !== undefined && { reason: ERASED }) };
    },
    findings: (of: readonly Finding[]): Finding[] =>
      of.map((each) => (each.override ? { ...each, override: { ...each.override, reason: ERASED } } : each)),
  };
}
