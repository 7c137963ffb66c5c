import type { Account } from './account.js';
import type { Finding } from './finding.js';
import type { AccountView, SettlementFacts } from './settlement.js';
import { sameName } from './text.js';
import type { BillInputs } from './verification.js';

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

/**
 * Erases a person from the records of one settlement: name, national id, mobile, address and what was written freely, since
 * that may name anybody. Amounts, ids, dates, readings and codes stay, so that every computation comes out as before.
 */
export function eraser(who: Erased, names: readonly string[]) {
  const isMeant = ({ name, nationalId }: Named): boolean =>
    who === 'everyone' || (nationalId !== undefined && nationalId === who.nationalId) || (name !== undefined && names.some((each) => sameName(each, name)));
  const address = { address: ERASED, postalCode: ERASED };

  const facts = (of: SettlementFacts): SettlementFacts => {
    const { applicant, newSubscriber } = of;
    return {
      ...of,
      applicant: isMeant(applicant) ? { kind: applicant.kind, name: ERASED, nationalId: ERASED } : applicant,
      ...(newSubscriber && { newSubscriber: isMeant(newSubscriber) ? { name: ERASED, nationalId: ERASED, from: newSubscriber.from } : newSubscriber }),
      confirmations: of.confirmations.map(({ code }) => ({ code, reason: ERASED })),
    };
  };
  const account = (of: Account): Account => (isMeant(of) ? { ...of, ...address, name: ERASED, nationalId: ERASED, mobile: ERASED } : of);
  return {
    facts,
    inputs: (of: BillInputs): BillInputs => ({ ...of, facts: facts(of.facts), snapshot: { ...of.snapshot, account: account(of.snapshot.account) } }),
    account: (of: AccountView): AccountView => (isMeant(of) ? { ...of, ...address, name: ERASED } : of),
    /** of a clearance letter */
    person: <P extends { name: string; address: string; postalCode: string }>(of: P): P => (isMeant(of) ? { ...of, ...address, name: ERASED } : of),
    name: (of: string): string => (isMeant({ name: of }) ? ERASED : of),
    /** a posting's detail, also inside a batch: the new subscriber's, and a reason that somebody wrote */
    detail(of: Record<string, unknown>): Record<string, unknown> {
      const { mobile: _, ...rest } = of;
      const text = (field: string): string | undefined => (typeof of[field] === 'string' ? of[field] : undefined);
      const meant = of['name'] !== undefined && isMeant({ name: text('name'), nationalId: text('nationalId') });
      return { ...(meant ? { ...rest, name: ERASED, nationalId: ERASED } : of), ...(of['reason'] !== undefined && { reason: ERASED }) };
    },
    findings: (of: readonly Finding[]): Finding[] => of.map((each) => (each.override ? { ...each, override: { ...each.override, reason: ERASED } } : each)),
  };
}
