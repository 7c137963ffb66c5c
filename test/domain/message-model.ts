// What may be asked of a settlement, by whom and when, and what comes of it: written from the plan and the pages of design
// and calls alone. It shares no code with src, so that it can be held against the domain, the API and the real workflow.

export type ModelRole = 'clerk' | 'supervisor' | 'approver' | 'quality' | 'billing' | 'admin';
/** A person in a role; `qualified`: with all that issuing asks for. */
export interface ModelPerson {
  id: string;
  role: ModelRole;
  office: string;
  qualified: boolean;
}

/** The same person may stand here in two roles: nobody is the second person of the own act. */
export const MODEL_PEOPLE: readonly ModelPerson[] = [
  { id: 'clerk-1', role: 'clerk', office: '01', qualified: true },
  { id: 'clerk-1', role: 'supervisor', office: '01', qualified: true },
  { id: 'clerk-2', role: 'clerk', office: '01', qualified: false },
  { id: 'clerk-3', role: 'clerk', office: '02', qualified: true },
  { id: 'supervisor-1', role: 'supervisor', office: '01', qualified: true },
  { id: 'supervisor-1', role: 'approver', office: '01', qualified: true },
  { id: 'supervisor-2', role: 'supervisor', office: '01', qualified: false },
  { id: 'supervisor-3', role: 'supervisor', office: '02', qualified: true },
  { id: 'approver-1', role: 'approver', office: '03', qualified: true },
  // who verified does not approve: there is one more
  { id: 'approver-2', role: 'approver', office: '03', qualified: true },
  { id: 'quality-1', role: 'quality', office: '03', qualified: true },
  // also the name under which the system itself reports what billing refuses
  { id: 'billing', role: 'billing', office: '01', qualified: true },
  { id: 'admin-1', role: 'admin', office: '03', qualified: true },
];

/** What a submission holds: something that no bill allows, the facts as they are, another reading, another new name. */
export type ModelFacts = 'blocked' | 'same' | 'reading' | 'name';

/** What somebody asks of a settlement; `n` is the number of an error. */
export type ModelAct =
  | { act: 'announce'; reading: number }
  | { act: 'succeed' }
  | { act: 'deliver' }
  | { act: 'report'; referTo: { role: 'clerk' | 'supervisor' | 'billing'; user: string | null } | null; cause: 'clerk' | 'feed' }
  | { act: 'submit'; n: number; facts: ModelFacts; reading: number; name: string }
  | { act: 'withdraw'; n: number }
  | { act: 'verify'; n: number; accepted: boolean }
  | { act: 'approve'; n: number; accepted: boolean }
  | { act: 'cancel' }
  | { act: 'refund' }
  | { act: 'confirmRefund' };

const MAY: Record<ModelAct['act'], readonly ModelRole[]> = {
  announce: ['clerk'],
  succeed: ['supervisor'],
  deliver: ['clerk'],
  report: ['clerk', 'supervisor', 'billing'],
  submit: ['clerk', 'supervisor', 'billing'],
  withdraw: ['clerk', 'supervisor', 'billing'],
  verify: ['supervisor', 'approver', 'quality'],
  approve: ['approver'],
  cancel: ['supervisor'],
  refund: ['supervisor'],
  confirmRefund: ['supervisor', 'approver'],
};

export interface ModelCorrection {
  n: number;
  status: 'reported' | 'referred' | 'submitted' | 'verified' | 'rejected' | 'withdrawn' | 'issued';
  owner: { role: ModelRole; user: string | null };
  reportedBy: string;
  /** the posting that billing refused; null: a person reported it */
  refused: string | null;
  submittedBy: string | null;
  submitterRole: ModelRole | null;
  verifiedBy: string | null;
  approvedBy: string | null;
  revision: number | null;
  /** how often it was sent back, from 1 */
  round: number;
  submission: { facts: ModelFacts; reading: number; name: string; error: number; noChange: boolean } | null;
}

export interface ModelPosting {
  kind: 'fee' | 'settlement' | 'nameChange' | 'difference';
  refund: boolean;
  name: string | null;
  status: 'waiting' | 'handedOver' | 'taken' | 'refused' | 'late' | 'replaced' | 'cancelled';
  cycle: string;
  timesLate: number;
  /** in a batch that billing fetched, and not handed over anew since */
  batched: boolean;
  /** billing may be working on it, or has it: fetched and not refused */
  held: boolean;
  /** billing's word that stands */
  word: 'taken' | 'refused' | null;
}

/** A day of the timetable on which postings are taken last, and the day with whose end the objection days are over. */
export interface ModelCycle {
  cycle: string;
  closesOn: string;
  objectionEndsOn: string;
}

/** What the model cannot compute and the settlement's answer tells. */
export interface Told {
  /** of a submission: the difference of the totals without what was paid since */
  error?: number;
  /** of a bill: whether its total is a credit, and how much */
  credit?: number;
}

const OPEN_CORRECTION: ReadonlySet<ModelCorrection['status']> = new Set(['reported', 'referred', 'submitted', 'verified', 'rejected']);
const OPEN_POSTING: ReadonlySet<ModelPosting['status']> = new Set(['waiting', 'handedOver', 'late', 'refused']);
const STANDS = ({ status }: ModelPosting): boolean => status !== 'replaced' && status !== 'cancelled';
/** A counter works for its own office, the others for all. */
const confined = ({ role }: ModelPerson): boolean => role === 'clerk' || role === 'supervisor';

/** Billing, its timetable and its day: what all settlements of a series have in common. */
export class ModelTimetable {
  readonly opened = new Set<string>();
  constructor(
    readonly cycles: readonly ModelCycle[],
    public today: string,
    /** above this error somebody must approve, rial */
    readonly approvalAbove: number,
  ) {}
  get current(): ModelCycle {
    const cycle = this.cycles.find(({ closesOn }) => closesOn >= this.today);
    if (!cycle) throw new Error('the timetable is at its end');
    return cycle;
  }
  takes(cycle: string): boolean {
    return this.opened.has(cycle) && cycle === this.current.cycle;
  }
  of(cycle: string): ModelCycle {
    return this.cycles.find((each) => each.cycle === cycle) as ModelCycle;
  }
}

export class ModelSettlement {
  status: 'none' | 'rejected' | 'announced' | 'delivered' | 'handedOver' | 'settled' | 'cancelled' = 'none';
  revision = 0;
  office = '';
  clerk = '';
  delivered = false;
  credit = 0;
  reading = 0;
  /** of the first announcement */
  firstReading = 0;
  name: string | null = null;
  corrections: ModelCorrection[] = [];
  postings = new Map<string, ModelPosting>();
  refund: { by: string; confirmedBy: string | null; amount: number } | null = null;
  payments = new Set<string>();
  /** tasks that wait, by the start of their id */
  readonly #tasks = new Set<string>();

  constructor(
    readonly id: string,
    readonly table: ModelTimetable,
    readonly predecessor: ModelSettlement | null = null,
    readonly newName: string | null = null,
  ) {}

  get running(): boolean {
    return this.status === 'announced' || this.status === 'delivered' || this.status === 'handedOver';
  }
  get known(): boolean {
    return this.status !== 'none';
  }
  get current(): ModelCorrection | undefined {
    return this.corrections.find(({ status }) => OPEN_CORRECTION.has(status));
  }
  get holds(): boolean {
    return [...this.postings.values()].some((posting) => STANDS(posting) && posting.held);
  }

  /** The code with which it is refused, or null; nothing changes. */
  refusal(asked: ModelAct, by: ModelPerson): string | null {
    if (!MAY[asked.act].includes(by.role)) return 'FORBIDDEN';
    if (asked.act === 'announce') return this.#refusedAnnouncement(asked.reading, by);
    if (!this.known) return 'NOT_FOUND';
    if (confined(by) && by.office !== this.office) return 'NOT_FOUND';
    if (asked.act === 'succeed') return this.status === 'rejected' ? 'NOT_ALLOWED_NOW' : null;
    const correction = 'n' in asked ? this.corrections.find(({ n }) => n === asked.n) : undefined;
    if ('n' in asked && !correction) return 'CORRECTION_UNKNOWN';
    if (!this.running) return asked.act === 'deliver' ? (this.delivered ? null : 'NOT_ALLOWED_NOW') : 'SETTLEMENT_ENDED';
    switch (asked.act) {
      case 'deliver':
      case 'report':
        return null;
      case 'submit':
      case 'withdraw': {
        const { status, owner } = correction as ModelCorrection;
        if (status !== 'referred' && status !== 'rejected') return 'NOT_ALLOWED_NOW';
        const owns = owner.user === null ? owner.role === by.role : owner.user === by.id;
        if (!owns && by.role !== 'supervisor') return 'NOT_THE_OWNER';
        return asked.act === 'submit' && asked.facts === 'blocked' ? 'REJECTED' : null;
      }
      case 'verify': {
        const { status, submittedBy } = correction as ModelCorrection;
        if (status !== 'submitted') return 'NOT_ALLOWED_NOW';
        return submittedBy === by.id ? 'SECOND_PERSON_NEEDED' : null;
      }
      case 'approve': {
        const { status, submittedBy, verifiedBy } = correction as ModelCorrection;
        if (status !== 'verified') return 'NOT_ALLOWED_NOW';
        return submittedBy === by.id || verifiedBy === by.id ? 'SECOND_PERSON_NEEDED' : null;
      }
      case 'cancel':
        if (by.id === this.clerk) return 'SECOND_PERSON_NEEDED';
        return this.holds ? 'POSTINGS_TAKEN' : null;
      case 'refund':
        return this.credit > 0 && !this.current ? null : 'NOT_ALLOWED_NOW';
      case 'confirmRefund':
        if (this.credit <= 0 || this.current || this.refund === null) return 'NOT_ALLOWED_NOW';
        if (this.refund.confirmedBy === null && this.refund.amount !== this.credit) return 'NOT_ALLOWED_NOW';
        return this.refund.by === by.id ? 'SECOND_PERSON_NEEDED' : null;
    }
  }

  #refusedAnnouncement(reading: number, by: ModelPerson): string | null {
    if (!this.known || this.status === 'rejected') {
      return by.office === '01' && by.qualified ? null : 'REJECTED';
    }
    if (by.office !== this.office) return 'REJECTED';
    return this.refusedAgain(reading);
  }

  /** Asked for once more, with the new name of the first time: the same facts are the same settlement. */
  refusedAgain(reading: number): string | null {
    const now = reading === this.reading && this.newName === this.name;
    return now || (this.running && reading === this.firstReading) ? null : 'SETTLEMENT_EXISTS';
  }

  /** The first announcement was refused for want of a right: it is on record as rejected. */
  rejected(by: ModelPerson): void {
    this.status = 'rejected';
    this.office = by.office;
    this.clerk = by.id;
  }

  /** What comes of an act that is not refused. */
  accept(asked: ModelAct, by: ModelPerson, told: Told = {}): void {
    switch (asked.act) {
      case 'announce':
        if (!this.running && this.status !== 'settled' && this.status !== 'cancelled') this.announced(by, asked.reading, told);
        return;
      case 'succeed':
        return;
      case 'deliver':
        if (!this.running) return;
        this.delivered = true;
        this.#tasks.delete('deliver');
        if (this.status === 'announced') this.status = 'delivered';
        break;
      case 'report':
        this.#report(
          by.id,
          asked.referTo ?? (asked.cause === 'clerk' ? { role: this.#clerkRole, user: this.clerk } : { role: 'supervisor', user: null }),
          null,
        );
        return;
      case 'submit': {
        const correction = this.#find(asked.n);
        const noChange = asked.facts === 'same';
        Object.assign(correction, { status: 'submitted', submittedBy: by.id, submitterRole: by.role, verifiedBy: null });
        correction.submission = { facts: asked.facts, reading: asked.reading, name: asked.name, error: told.error ?? 0, noChange };
        return;
      }
      case 'withdraw':
        this.#find(asked.n).status = 'withdrawn';
        this.#ended();
        break;
      case 'verify': {
        const correction = this.#find(asked.n);
        const { error, noChange } = correction.submission as NonNullable<ModelCorrection['submission']>;
        if (!asked.accepted) return this.#sentBack(correction);
        if (noChange) {
          correction.status = 'withdrawn';
          this.#ended();
          break;
        }
        correction.verifiedBy = by.id;
        correction.status = 'verified';
        if (Math.abs(error) <= this.table.approvalAbove) this.#reissue(correction, told);
        break;
      }
      case 'approve': {
        const correction = this.#find(asked.n);
        if (!asked.accepted) return this.#sentBack(correction);
        correction.approvedBy = by.id;
        this.#reissue(correction, told);
        break;
      }
      case 'cancel':
        this.status = 'cancelled';
        for (const posting of this.postings.values()) if (STANDS(posting)) Object.assign(posting, { status: 'cancelled', batched: false });
        for (const each of this.corrections) if (OPEN_CORRECTION.has(each.status)) each.status = 'withdrawn';
        this.#end();
        return;
      case 'refund':
        if (this.refund === null || (this.refund.confirmedBy === null && this.refund.amount !== this.credit))
          this.refund = { by: by.id, confirmedBy: null, amount: this.credit };
        return;
      case 'confirmRefund': {
        const refund = this.refund as NonNullable<typeof this.refund>;
        if (refund.confirmedBy !== null) return;
        refund.confirmedBy = by.id;
        this.#post('difference/refund', { kind: 'difference', refund: true });
        this.#join();
        break;
      }
    }
    this.#settleIfDone();
  }

  #clerkRole: ModelRole = 'clerk';

  announced(by: ModelPerson, reading: number, { credit = 0 }: Told): void {
    Object.assign(this, {
      status: 'announced',
      revision: 1,
      office: '01',
      clerk: by.id,
      reading,
      firstReading: reading,
      credit,
      name: this.newName,
    });
    this.#clerkRole = by.role;
    this.#post('settlement', { kind: 'settlement' });
    this.#post('fee', { kind: 'fee' });
    if (this.name !== null) this.#post('nameChange', { kind: 'nameChange', name: this.name });
    this.#join();
  }

  /** Billing opened the cycle: whoever waits for it is handed over. */
  opened(): void {
    if (this.status === 'settled') this.#moveOn();
    this.#join();
  }

  /** What of it is frozen into the next batch, by name. */
  due(): string[] {
    return [...this.postings]
      .filter(([, { status, batched, cycle }]) => status === 'handedOver' && !batched && cycle === this.table.current.cycle)
      .map(([name]) => name);
  }
  frozen(name: string): void {
    Object.assign(this.postings.get(name) as ModelPosting, { batched: true, held: true });
  }

  /** Billing's word about a posting, running or ended. */
  heard(name: string, outcome: 'taken' | 'refused' | 'retracted'): void {
    const posting = this.postings.get(name) as ModelPosting;
    const { running } = this;
    const was = posting.status;
    if (outcome === 'retracted') posting.word = null;
    else if (posting.word !== 'taken') posting.word = outcome;
    // after a refusal it is to be charged by nobody, until billing takes that back
    posting.held = posting.word !== 'refused';
    if (STANDS(posting)) {
      if (posting.word !== null) posting.status = posting.word;
      else if (posting.status === 'taken' || posting.status === 'refused') posting.status = 'handedOver';
      if (running && posting.status === 'refused' && was !== 'refused') this.#report('billing', { role: 'supervisor', user: null }, name);
    } else if (running && outcome === 'taken') this.#tasks.add('postingWithdrawn');
    if (!running && posting.status !== 'taken') this.#tasks.add('postingAfterEnd');
    if (running || posting.status !== 'taken') this.#moveOn();
    this.#resolve();
    this.#settleIfDone();
  }

  /** The day after the closing of `closed`: what billing has not taken goes on. */
  dayBegins(closed: ModelCycle): void {
    if (this.running && !this.delivered) this.#tasks.add('deliver');
    this.#settleIfDone();
    // of one that has ended the cycle's own workflow takes care, when there is one
    if (this.running || (this.status === 'settled' && this.table.opened.has(closed.cycle))) this.#moveOn();
    this.#settleIfDone();
  }

  /** Ids of the tasks that wait for somebody, of those kinds that the model knows. */
  tasks(): string[] {
    const { current } = this;
    const of = (kind: string, { n, round }: ModelCorrection): string => `${kind}.${this.id}.${n}.${round}`;
    const waits =
      current &&
      this.running &&
      {
        reported: null,
        referred: 'correction',
        rejected: 'correction',
        submitted: 'verification',
        verified: 'approval',
        withdrawn: null,
        issued: null,
      }[current.status];
    return [...[...this.#tasks].map((kind) => `${kind}.${this.id}`), ...(current && waits ? [of(waits, current)] : [])].sort();
  }

  #find(n: number): ModelCorrection {
    return this.corrections.find((each) => each.n === n) as ModelCorrection;
  }

  #post(name: string, of: Pick<ModelPosting, 'kind'> & Partial<ModelPosting>): void {
    this.postings.set(name, {
      refund: false,
      name: null,
      status: 'waiting',
      cycle: this.table.current.cycle,
      timesLate: 0,
      batched: false,
      held: false,
      word: null,
      ...of,
    });
  }

  #report(reportedBy: string, owner: ModelCorrection['owner'], refused: string | null): void {
    const status = this.current ? 'reported' : 'referred';
    this.corrections.push({
      n: this.corrections.length + 1,
      status,
      owner,
      reportedBy,
      refused,
      submittedBy: null,
      submitterRole: null,
      verifiedBy: null,
      approvedBy: null,
      revision: null,
      round: 1,
      submission: null,
    });
  }

  #sentBack(correction: ModelCorrection): void {
    correction.status = 'rejected';
    correction.round++;
  }

  /** The next revision: what billing does not hold is replaced, what it holds is followed by the difference. No second fee. */
  #reissue(correction: ModelCorrection, { credit = 0 }: Told): void {
    const { facts, reading, name } = correction.submission as NonNullable<ModelCorrection['submission']>;
    this.revision++;
    this.credit = credit;
    Object.assign(correction, { status: 'issued', revision: this.revision });
    if (facts === 'reading') this.reading = reading;
    if (facts === 'name') this.name = name;
    const standing = [...this.postings.values()].filter(STANDS);
    const amounts = standing.filter(({ kind, refund }) => kind === 'settlement' || (kind === 'difference' && !refund));
    const replace = (posting: ModelPosting): void => void Object.assign(posting, { status: 'replaced', batched: false });
    amounts.filter(({ held }) => !held).forEach(replace);
    if (amounts.some(({ held }) => held)) this.#post(`difference/${this.revision}`, { kind: 'difference' });
    else this.#post(`settlement/${this.revision}`, { kind: 'settlement' });
    if (this.name !== null) {
      const names = standing.filter(({ kind }) => kind === 'nameChange');
      const last = names.at(-1);
      if (last?.name !== this.name) {
        if (last && !last.held) replace(last);
        this.#post(`nameChange/${this.revision}`, { kind: 'nameChange', name: this.name });
      }
    }
    this.#resolve();
    this.#ended();
    this.#join();
  }

  /** What billing refused and has no more of is no error any more. */
  #resolve(): void {
    if (!this.running) return;
    const over = this.corrections.filter(
      ({ refused, status }) =>
        refused !== null && (status === 'reported' || status === 'referred') && this.postings.get(refused)?.status !== 'refused',
    );
    for (const each of over) each.status = 'withdrawn';
    if (over.length > 0) this.#ended();
  }

  /** Errors are handled one after another; after the last what billing refused is sent again. */
  #ended(): void {
    const { current } = this;
    if (current?.status === 'reported') current.status = 'referred';
    if (current) return;
    for (const posting of this.postings.values())
      if (posting.status === 'refused') Object.assign(posting, { status: 'waiting', batched: false });
    this.#join();
  }

  #join(): void {
    for (const posting of this.postings.values()) {
      if ((posting.status !== 'waiting' && posting.status !== 'late') || !this.table.takes(posting.cycle)) continue;
      Object.assign(posting, { status: 'handedOver', batched: false });
      if (this.status === 'announced' || this.status === 'delivered') this.status = 'handedOver';
    }
  }

  #moveOn(): void {
    for (const posting of this.postings.values()) {
      if (!OPEN_POSTING.has(posting.status) || this.table.of(posting.cycle).closesOn >= this.table.today) continue;
      posting.timesLate++;
      posting.cycle = this.table.current.cycle;
      posting.batched = false;
      if (posting.status !== 'refused') posting.status = 'late';
      if (this.running) this.#tasks.add('postingLate');
    }
    this.#join();
  }

  #settleIfDone(): void {
    const all = [...this.postings.values()];
    if (!this.running || !this.delivered || this.current || all.some(({ status }) => OPEN_POSTING.has(status))) return;
    if (all.some((posting) => STANDS(posting) && this.table.of(posting.cycle).objectionEndsOn >= this.table.today)) return;
    this.status = 'settled';
    this.#end();
  }

  /** Nothing of it waits for anybody but what a person has to look at all the same. */
  #end(): void {
    for (const kind of ['deliver', 'postingLate']) this.#tasks.delete(kind);
  }
}

/** One of a random list: what is done, and numbers from which the rest follows. */
export interface ModelCommand {
  kind: (typeof MODEL_KINDS)[number];
  /** taken modulo of what there is */
  pick: number;
  /** by somebody who may, about something that waits; else by anybody about anything */
  fit: boolean;
}
/** As often as a kind stands here, so often it comes. */
export const MODEL_KINDS = [
  'announce',
  'succeed',
  'deliver',
  'report',
  'report',
  'submit',
  'submit',
  'submit',
  'withdraw',
  'verify',
  'verify',
  'verify',
  'approve',
  'cancel',
  'refund',
  'refund',
  'confirmRefund',
  'confirmRefund',
  'open',
  'open',
  'fetch',
  'fetch',
  'fetch',
  'take',
  'take',
  'take',
  'refuse',
  'refuse',
  'retract',
  'retract',
  'repeat',
  'pass',
  'pay',
] as const;

const FACTS: readonly ModelFacts[] = ['reading', 'reading', 'reading', 'same', 'name', 'blocked'];
const NAMES = ['علی کریمی', 'رضا موسوی'] as const;
const SPAN = 60;

/** What a command comes to as a settlement stands, and who asks: the same for every run of a list. */
export function chosen(
  kind: ModelAct['act'],
  { pick, fit }: Pick<ModelCommand, 'pick' | 'fit'>,
  settlement: ModelSettlement,
  base: number,
): { asked: ModelAct; by: ModelPerson } {
  const asked = actOf(kind, pick, fit, settlement, base);
  const one = (among: readonly ModelPerson[]): ModelPerson => among[(pick >> 4) % among.length] as ModelPerson;
  if (!fit) {
    const { clerk, current, refund } = settlement;
    const involved = [clerk, current?.submittedBy, current?.verifiedBy, refund?.by];
    const again = MODEL_PEOPLE.filter(({ id, role }) => MAY[kind].includes(role) && involved.includes(id));
    return { asked, by: one(again.length > 0 && (pick >> 3) % 2 === 0 ? again : MODEL_PEOPLE) };
  }
  const may = (act: ModelAct): ModelPerson[] => MODEL_PEOPLE.filter((by) => [null, 'REJECTED'].includes(settlement.refusal(act, by)));
  const [right, next] = [may(asked), nextOf(settlement)];
  if (right.length > 0 || next === null) return { asked, by: one(right.length > 0 ? right : MODEL_PEOPLE) };
  // what nobody may do now gives way to what the settlement waits for
  const instead = actOf(next, pick, true, settlement, base);
  return { asked: instead, by: one(may(instead)) };
}

function nextOf({ running, current }: ModelSettlement): ModelAct['act'] | null {
  if (!running) return null;
  switch (current?.status) {
    case undefined:
      return 'report';
    case 'submitted':
      return 'verify';
    case 'verified':
      return 'approve';
    default:
      return 'submit';
  }
}

function actOf(kind: ModelAct['act'], pick: number, fit: boolean, settlement: ModelSettlement, base: number): ModelAct {
  const n = settlement.current && (fit || (pick >> 6) % 2 === 0) ? settlement.current.n : 1 + (pick % (settlement.corrections.length + 1));
  switch (kind) {
    case 'announce':
      return { act: kind, reading: settlement.running && pick % 4 === 0 ? settlement.reading + 1 : settlement.reading || base + 40 };
    case 'report': {
      const people = MODEL_PEOPLE.filter(({ role }) => role === 'clerk' || role === 'supervisor' || role === 'billing');
      const { role, id } = people[pick % people.length] as ModelPerson;
      const referTo = [null, { role: role as 'clerk', user: null }, { role: role as 'clerk', user: id }][pick % 3] ?? null;
      return { act: kind, referTo, cause: pick % 2 === 0 ? 'clerk' : 'feed' };
    }
    case 'submit': {
      // another figure than the standing one, within what the season allows
      const reading = base + 20 + ((settlement.reading - base - 20 + 1 + (pick % (SPAN - 1))) % SPAN);
      const other = NAMES.find((each) => each !== settlement.name) as string;
      const facts = FACTS[pick % FACTS.length] as ModelFacts;
      // of two settlements of one day the later one's figure is the earlier one's
      return { act: kind, n, facts: facts === 'reading' && settlement.predecessor ? 'name' : facts, reading, name: other };
    }
    case 'withdraw':
      return { act: kind, n };
    case 'verify':
    case 'approve':
      return { act: kind, n, accepted: pick % 4 !== 0 };
    default:
      return { act: kind };
  }
}
