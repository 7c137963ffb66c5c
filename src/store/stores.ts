import type { Pool } from 'pg';
import { createAccessStore } from './access-log.js';
import { createClearanceStore } from './clearances.js';
import { createCopyStore } from './copies.js';
import { createCorrectionStore } from './corrections.js';
import { createCorrectiveActionStore } from './corrective-actions.js';
import { createHistoryStore } from './histories.js';
import { createIndicatorStore } from './indicators.js';
import { createIssueStore } from './issue.js';
import { createOverrideStore } from './overrides.js';
import { createPaymentStore } from './payments.js';
import { createPeopleStore } from './people.js';
import { createPostingStore } from './postings.js';
import { createPresenceStore } from './presences.js';
import { createProposalStore } from './proposals.js';
import { createQualityReportStore } from './quality-reports.js';
import { createSettlementStore } from './settlements.js';
import { createSignInStore } from './sign-in.js';
import { createTariffStore } from './tariffs.js';
import { createTaskStore } from './tasks.js';
import { createUnsentStore } from './unsent.js';

export type Stores = ReturnType<typeof createStores>;

/** All that a process reads from and writes to the database, through one pool. */
export function createStores(pool: Pool) {
  return {
    accesses: createAccessStore(pool),
    clearances: createClearanceStore(pool),
    copies: createCopyStore(pool),
    corrections: createCorrectionStore(pool),
    correctiveActions: createCorrectiveActionStore(pool),
    histories: createHistoryStore(pool),
    indicators: createIndicatorStore(pool),
    issues: createIssueStore(pool),
    overrides: createOverrideStore(pool),
    payments: createPaymentStore(pool),
    people: createPeopleStore(pool),
    postings: createPostingStore(pool),
    presences: createPresenceStore(pool),
    proposals: createProposalStore(pool),
    reports: createQualityReportStore(pool),
    settlements: createSettlementStore(pool),
    signIns: createSignInStore(pool),
    tariffs: createTariffStore(pool),
    tasks: createTaskStore(pool),
    unsent: createUnsentStore(pool),
  };
}
