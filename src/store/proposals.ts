import type { Pool } from 'pg';
import type { Instant } from '../domain/settlement/settlement.js';
import type { PersonAtWork } from '../domain/settlement/task.js';
import type { TermsChange } from '../domain/tariff/terms-change.js';

export type ProposalKind = 'tariff' | 'feeResolution';

/** What one administrator proposes and another has to confirm. */
export interface Proposal {
  /** its number: another content under the same subject is another proposal */
  proposal: number;
  kind: ProposalKind;
  /** version of the tariff, number of the resolution */
  subject: string;
  content: unknown;
  /** of a tariff that was made of the one in force: what was changed */
  change: TermsChange | null;
  /** figures that look ten times off are meant so */
  meant: boolean;
  proposedBy: PersonAtWork;
  proposedAt: Instant;
}

export interface ProposalStore {
  /** Puts a proposal in; the one before it under the same subject is gone. */
  propose(
    asked: Pick<Proposal, 'kind' | 'subject' | 'content' | 'meant'> & Partial<Pick<Proposal, 'change'>>,
    by: PersonAtWork,
  ): Promise<Proposal>;
  /** In the order of their making. */
  list(kind: ProposalKind): Promise<Proposal[]>;
  /** null also when it was replaced, withdrawn or confirmed meanwhile */
  get(kind: ProposalKind, proposal: number): Promise<Proposal | null>;
  /** Takes a proposal off the list; false when it was not there. */
  remove(kind: ProposalKind, proposal: number): Promise<boolean>;
}

const COLUMNS = 'proposal, kind, subject, content, change, meant, proposed_by as "proposedBy", proposed_at as "proposedAt"';

export function createProposalStore(pool: Pool): ProposalStore {
  return {
    async propose({ kind, subject, content, change = null, meant }, { id, name }) {
      const { rows } = await pool.query<Proposal>(
        `insert into app.proposals (kind, subject, content, change, meant, proposed_by) values ($1, $2, $3, $4, $5, $6)
         on conflict (kind, subject) do update set proposal = default, content = excluded.content, change = excluded.change, meant = excluded.meant, proposed_by = excluded.proposed_by, proposed_at = clock_timestamp()
         returning ${COLUMNS}`,
        [kind, subject, JSON.stringify(content), change && JSON.stringify(change), meant, JSON.stringify({ id, name })],
      );
      return rows[0] as Proposal;
    },
    async list(kind) {
      return (await pool.query<Proposal>(`select ${COLUMNS} from app.proposals where kind = $1 order by proposal`, [kind])).rows;
    },
    async get(kind, proposal) {
      return (
        (await pool.query<Proposal>(`select ${COLUMNS} from app.proposals where kind = $1 and proposal = $2`, [kind, proposal])).rows[0] ??
        null
      );
    },
    async remove(kind, proposal) {
      return (await pool.query('delete from app.proposals where kind = $1 and proposal = $2', [kind, proposal])).rowCount === 1;
    },
  };
}
