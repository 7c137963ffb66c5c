import type { FeedOptions, FeedResult } from '../billing/feed.js';
import type { RequestHandler } from 'express';
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { BillingPort } from '../billing/port.js';
import type { AccountSnapshot, FeedKind } from '../domain/settlement/account.js';
import type { ClearanceLetter } from '../domain/settlement/clearance.js';
import type { Debt } from '../domain/bill/debt.js';
import type { Finding } from '../domain/settlement/finding.js';
import type { Halt } from '../domain/settlement/halt.js';
import type { JalaliDate } from '../domain/calendar/jalali.js';
import type { ServiceTerms } from '../domain/settlement/service-terms.js';
import type { Instant, Settlement, SettlementOrder, SettlementStatus } from '../domain/settlement/settlement.js';
import type { PersonAtWork, Task } from '../domain/settlement/task.js';
import type { AccessStore } from '../store/access-log.js';
import type { ClearanceStore } from '../store/clearances.js';
import type { CorrectionStore } from '../store/corrections.js';
import type { CopyStore } from '../store/copies.js';
import type { CorrectiveActionStore } from '../store/corrective-actions.js';
import type { IndicatorStore } from '../store/indicators.js';
import type { OverrideStore } from '../store/overrides.js';
import type { PaymentStore } from '../store/payments.js';
import type { PeopleStore } from '../store/people.js';
import type { PresenceStore } from '../store/presences.js';
import type { QualityReportStore } from '../store/quality-reports.js';
import type { KnownBefore } from '../store/settlements.js';
import type { SignInStore } from '../store/sign-in.js';
import type { ProposalStore } from '../store/proposals.js';
import type { TariffStore } from '../store/tariffs.js';
import type { TaskStore } from '../store/tasks.js';
import type { UnsentStore } from '../store/unsent.js';
import type { AccessWriter } from './access-log.js';
import type { IdentityProvider } from './identity-provider.js';
import type { Pace } from './limits.js';
import type { ScrapeAccess } from './metrics.js';
import type { Sessions } from './sessions.js';
import type { PostingStore } from '../store/postings.js';
import type { Codec } from './codec.js';
import type { Tokens } from './tokens.js';
import type { SettlementWorkflows } from '../temporal/workflow-client.js';

/** What the API reads of stored settlements; src/store implements it. */
export interface SettlementReader {
  /** null also for another office's settlement; `office` null = every office */
  get(id: string, scope: { office: string | null }): Promise<Settlement | null>;
  /** the settlement as of that revision, for a reprint */
  revision(id: string, revision: number): Promise<Settlement | null>;
  list(filter: SettlementFilter): Promise<{ items: Settlement[]; next: string | null }>;
  /** the subscriber's latest valid settlement after the last bill, and the meter as it was found last */
  known(subscription: string, lastBill: AccountSnapshot['lastBill']): Promise<KnownBefore>;
  eventsSince(id: string, seq: number): Promise<SettlementEvent[]>;
  /** calls `listener` whenever the settlement may have new events; returns the way to stop that */
  onEvent(id: string, listener: () => void): () => void;
}

export interface SettlementFilter {
  status?: SettlementStatus;
  office?: string;
  clerk?: string;
  subscription?: string;
  /** late: not announced in time; withError: an error that was not withdrawn; lateEntry: from a paper slip */
  only?: 'late' | 'withError' | 'lateEntry';
  /** received at or after / before */
  from?: Instant;
  to?: Instant;
  limit: number;
  cursor?: string;
}

export interface SettlementEvent {
  seq: number;
  kind: string;
  at: string;
  data: unknown;
}

export interface Preview {
  bill: Debt | null;
  warnings: Finding[];
  errors: Finding[];
}

export interface BillPrinter {
  /** the PDF; `copy` carries المثنی with its number, `void` says that the revision no longer stands */
  bill(order: { settlement: Settlement; copy: false | number; void: boolean; paper: 'a5' | 'receipt' }): Uint8Array | Promise<Uint8Array>;
  clearance(letter: ClearanceLetter): Uint8Array | Promise<Uint8Array>;
}

/** An answered request, for the metrics. */
export interface AnsweredRequest {
  method: string;
  /** the route's pattern, or `unmatched` */
  route: string;
  status: string;
  seconds: number;
  /** an event stream: it is open as long as somebody looks */
  streamed: boolean;
}

export interface Readiness {
  ready: boolean;
  /** `ok` or a short reason, per part (postgres, temporal, …) */
  checks: Record<string, string>;
}

/** Tasks as people list, give and close them. */
export interface TaskWork extends Pick<TaskStore, 'list' | 'get' | 'assign'> {
  /** closes a task and ends its timer; rejects when the timer could not be told, and may then be asked again */
  close(id: string, end: { by: PersonAtWork; outcome: string }): Promise<Task | null>;
  /** the supervisor's task of a settlement that no workflow moves on; once while it is open */
  noteHalt(settlement: Settlement, halt: Halt): Promise<unknown>;
  /** due times and timers for the tasks that payments opened, an end to the timers of those that payments closed */
  takeUp(closed: readonly string[]): Promise<unknown>;
}

/** All that the API needs; it opens no connection of its own. */
export interface ApiDeps {
  temporal: SettlementWorkflows;
  settlements: SettlementReader;
  overrides: Pick<OverrideStore, 'record' | 'of'>;
  payments: PaymentStore;
  /** `note` keeps a look at a person's data; no answer waits for it or fails by it */
  accessLog: Pick<AccessWriter, 'note'> & Pick<AccessStore, 'list'>;
  corrections: Pick<CorrectionStore, 'submission'>;
  copies: CopyStore;
  clearances: ClearanceStore;
  tasks: TaskWork;
  billing: BillingPort;
  unsent: Pick<UnsentStore, 'counts' | 'page'>;
  people: Omit<PeopleStore, 'standing' | 'lapsingQualifications'>;
  /** the company's own sign-on; null = none is configured */
  identityProvider: IdentityProvider | null;
  signIns: Omit<SignInStore, 'sessionState' | 'endSession' | 'givePassword'>;
  sessions: Sessions;
  tariffs: TariffStore;
  proposals: ProposalStore;
  /** the company's own deadlines and thresholds on a day */
  serviceTerms(day: JalaliDate): Promise<ServiceTerms>;
  postings: Pick<PostingStore, 'openCycle' | 'openedCycles' | 'counts' | 'batchCounts' | 'nextBatch' | 'batch' | 'acknowledge'>;
  indicators: Pick<IndicatorStore, 'counts' | 'risks'>;
  presences: Pick<PresenceStore, 'presences'>;
  /** keeps that somebody of an office was heard; no answer waits for it */
  signs: { heard(office: string): void };
  reports: Pick<QualityReportStore, 'list' | 'file'>;
  correctiveActions: Pick<CorrectiveActionStore, 'list' | 'get' | 'open' | 'started' | 'errorsSince'>;
  /** starts a workflow unless one of this id was ever started; NoAnswerError or a gRPC error when Temporal is away */
  startWorkflow(workflow: string, workflowId: string, input: unknown, summary: string): Promise<'started' | 'exists'>;
  /** all or nothing; rejects when `stream` breaks off */
  loadFeed(kind: FeedKind, stream: Readable, options: Pick<FeedOptions, 'asOf' | 'older'>): Promise<FeedResult>;
  printer: BillPrinter;
  /** computes and writes nothing */
  preview(order: SettlementOrder): Promise<Preview>;
  tokens: Tokens;
  /** what goes through Temporal is encrypted */
  codec: Codec;
  now(): Date;
  ready(): Promise<Readiness>;
  metrics: {
    access: ScrapeAccess;
    answered(answer: AnsweredRequest): void;
    /** what Prometheus reads */
    exposition(): Promise<string>;
  };
  /** puts each request under a span; absent when no traces are made */
  trace?: RequestHandler;
  /** address of the workflows in the Temporal UI, ending in a slash; absent: there is none to link to */
  temporalUi?: string;
  log: Logger;
  version: string;
  /** the counter page's static files, asked after the API's own routes */
  pages?: RequestHandler;
  pace: Pace;
  /** addresses and networks whose `X-Forwarded-For` is believed */
  trustedProxies: readonly string[];
  /** where browsers reach the API; null = where they say they do */
  publicUrl: string | null;
  /** largest feed in bytes; 512 MB when absent */
  maxFeedBytes?: number;
}
