import fc from 'fast-check';
import { type Correction, correctionWaitsFor, currentCorrection, refusalOf } from '../../src/domain/correction/correction.js';
import { type Word, isOpen, standingWord } from '../../src/domain/outbox/outbox.js';
import type { Operator } from '../../src/domain/settlement/settlement.js';
import {
  MODEL_KINDS,
  type ModelAct,
  type ModelCorrection,
  type ModelPerson,
  ModelSettlement,
  ModelTimetable,
  chosen,
} from './message-model.js';

// The model of messages against the rules of the domain: many thousand random acts, no servers. The real workflow is held
// against the same model in test/workflows/random-messages.test.ts.
const ACTS: readonly ModelAct['act'][] = MODEL_KINDS.filter((kind) =>
  ['deliver', 'report', 'submit', 'withdraw', 'verify', 'approve', 'refund', 'confirmRefund'].includes(kind),
) as ModelAct['act'][];
const WORDS = ['taken', 'refused', 'retracted'] as const;
const LIMIT = 100;
const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(...ACTS),
      pick: fc.nat(1_000_000),
      fit: fc.boolean(),
      error: fc.integer({ min: -2 * LIMIT, max: 2 * LIMIT }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom(...WORDS), pick: fc.nat(1_000_000) }) },
);

const CLERK: ModelPerson = { id: 'clerk-1', role: 'clerk', office: '01', qualified: true };
const TIMETABLE = [{ cycle: '12-1405-05', closesOn: '1405/09/20', objectionEndsOn: '1405/09/30' }];
const operator = ({ id, role, office }: ModelPerson): Operator => ({ id, name: id, role, office });

/** A correction of the model as the domain knows it. */
const domainOf = ({
  n,
  status,
  owner,
  reportedBy,
  submittedBy,
  verifiedBy,
  approvedBy,
  revision,
  submission,
}: ModelCorrection): Correction => ({
  n,
  kind: 'reading',
  cause: 'clerk',
  description: '',
  posting: null,
  status,
  owner: owner,
  reportedBy,
  reportedAt: '',
  dueAt: '',
  submittedBy,
  difference: submission?.error ?? null,
  noChange: submission?.noChange ?? null,
  verifiedBy,
  approvedBy,
  revision,
  note: null,
});

test('whoever does whatever in whatever order: the domain allows what the model allows, and asks whom the model asks', () => {
  const seen = new Map<string, number>();
  const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(fc.array(command, { minLength: 30, maxLength: 80 }), (list) => {
      const table = new ModelTimetable(TIMETABLE, '1405/09/05', LIMIT);
      const settlement = new ModelSettlement('014123456701-14050905', table, null, 'علی کریمی');
      settlement.announced(CLERK, 1_040, { credit: 900 });
      table.opened.add(TIMETABLE[0]?.cycle ?? '');
      settlement.opened();
      settlement.due().forEach((posting) => settlement.frozen(posting));
      const words = new Map<string, Word[]>();
      for (const each of list) {
        if (!('fit' in each)) {
          const names = [...settlement.postings.keys()];
          const posting = names[each.pick % names.length] as string;
          const said = [...(words.get(posting) ?? []), { posting, outcome: each.kind, seq: null }];
          words.set(posting, said);
          settlement.heard(posting, each.kind);
          const { word, status } = settlement.postings.get(posting) as {
            word: string | null;
            status: Parameters<typeof isOpen>[0]['status'];
          };
          expect({ posting, word }).toEqual({ posting, word: standingWord(said)?.outcome ?? null });
          if (status !== 'replaced') expect({ posting, open: isOpen({ status }) }).toEqual({ posting, open: word !== 'taken' });
          count(each.kind);
        } else {
          const { asked, by } = chosen(each.kind, each, settlement, 1_000);
          const refused = settlement.refusal(asked, by);
          const corrections = settlement.corrections.map(domainOf);
          const correction = 'n' in asked ? corrections.find(({ n }) => n === asked.n) : undefined;
          // who may call at all and of which office is the API's matter
          if (correction && refused !== 'FORBIDDEN' && refused !== 'NOT_FOUND') {
            const domain = refusalOf(asked.act as 'submit' | 'withdraw' | 'verify' | 'approve', correction, operator(by));
            expect({ asked, by, correction, refused: domain }).toEqual({
              asked,
              by,
              correction,
              refused: refused === 'REJECTED' ? null : refused,
            });
          }
          count(`${asked.act} ${refused ?? 'accepted'}`);
          if (refused === null) settlement.accept(asked, by, { error: each.error, credit: 900 + each.error });
        }
        const { current } = settlement;
        expect(currentCorrection(settlement.corrections)?.n).toBe(current?.n);
        const waits = current ? correctionWaitsFor(domainOf(current), current.submitterRole, { approvalAbove: LIMIT }) : null;
        const tasks = settlement.tasks().filter((id) => /^(correction|verification|approval)[.]/.test(id));
        expect({ current, tasks }).toEqual({
          current,
          tasks: waits && current ? [`${waits.kind}.${settlement.id}.${current.n}.${current.round}`] : [],
        });
      }
    }),
    { seed: 20, numRuns: 300 },
  );
  // the lists come everywhere
  const wanted = [
    'submit accepted',
    'submit REJECTED',
    'submit NOT_THE_OWNER',
    'submit NOT_ALLOWED_NOW',
    'withdraw accepted',
    'verify accepted',
    'verify SECOND_PERSON_NEEDED',
    'verify NOT_ALLOWED_NOW',
    'approve accepted',
    'approve SECOND_PERSON_NEEDED',
    'approve NOT_ALLOWED_NOW',
    'refused',
    'retracted',
    'taken',
  ];
  expect(wanted.filter((what) => (seen.get(what) ?? 0) < 5)).toEqual([]);
});
