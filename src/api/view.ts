import type { Halt } from '../domain/settlement/halt.js';
import type { AccountSnapshot, Meter } from '../domain/settlement/account.js';
import { makeBillId } from '../domain/bill/bill-id.js';
import type { Comparison, Correction } from '../domain/correction/correction.js';
import type { Debt } from '../domain/bill/debt.js';
import type { Finding } from '../domain/settlement/finding.js';
import type { StaleFeed } from '../domain/settlement/freshness.js';
import type { JalaliDate } from '../domain/calendar/jalali.js';
import { lapsingQualifications, missingQualifications } from '../domain/people/qualification.js';
import { standingMeterState } from '../domain/settlement/reading.js';
import type { Bill, Settlement, SettlementFacts } from '../domain/settlement/settlement.js';
import type { PersonRecord } from '../store/people.js';
import type { KnownBefore } from '../store/settlements.js';
import type { z } from 'zod';
import { SEES_HISTORIES } from './authentication.js';
import type {
  accountView,
  billView,
  comparisonView,
  correctionView,
  debtView,
  findingView,
  operatorView,
  personView,
  SettlementView,
} from './schemas.js';
import type { Session } from './tokens.js';

/**
 * Domain → contract, field by field: what a type gains inside never leaks out, and national ids and mobile numbers
 * stay inside.
 */

/** A settlement as every answer shows it. */
export function viewSettlement(s: Settlement, halted: Halt | null = null): SettlementView {
  return {
    id: s.id,
    status: s.status,
    halted,
    revision: s.revision,
    receivedAt: s.receivedAt,
    announcedAt: s.announcedAt,
    elapsedMs: s.elapsedMs,
    withinTarget: s.withinTarget,
    lateEntry: s.lateEntry,
    facts: viewFacts(s.facts),
    clerk: { id: s.clerk.id, name: s.clerk.name, office: s.clerk.office },
    account: s.account && {
      subscription: s.account.subscription,
      name: s.account.name,
      address: s.account.address,
      postalCode: s.account.postalCode,
      office: s.account.office,
      series: s.account.series,
      use: s.account.use,
      climate: s.account.climate,
      area: s.account.area,
      units: s.account.units,
      file: s.account.file,
      company: s.account.company,
      billId: s.account.billId,
      meter: s.account.meter && {
        serial: s.account.meter.serial,
        digits: s.account.meter.digits,
        capacity: s.account.meter.capacity,
        coefficient: s.account.meter.coefficient,
      },
    },
    bill: s.bill && viewBill(s.bill),
    warnings: s.warnings.map(viewFinding),
    errors: s.errors.map(viewFinding),
    postings: s.postings.map(({ posting, kind, cycle, dueOn, amount, status, timesLate, reason, billSerial }) => ({
      posting,
      kind,
      cycle,
      dueOn,
      amount,
      status,
      timesLate,
      reason,
      billSerial,
    })),
    payments: s.payments.map(({ reference, paymentId, amount, paidOn, revision, outcome, reportedAmount, counted }) => ({
      reference,
      paymentId,
      amount,
      paidOn,
      revision,
      outcome,
      reportedAmount,
      counted,
    })),
    paid: s.paid && { amount: s.paid.amount, remaining: s.paid.remaining, status: s.paid.status },
    corrections: s.corrections.map(viewCorrection),
    cancellation: s.cancellation && { by: s.cancellation.by, reason: s.cancellation.reason, at: s.cancellation.at },
    refund: s.refund && {
      amount: s.refund.amount,
      reason: s.refund.reason,
      requestedBy: s.refund.requestedBy,
      requestedAt: s.refund.requestedAt,
      confirmedBy: s.refund.confirmedBy,
      confirmedAt: s.refund.confirmedAt,
    },
    copies: s.copies.map(({ revision, n, by, at }) => ({ revision, n, by, at })),
    clearance: s.clearance && { number: s.clearance.number, issuedAt: s.clearance.issuedAt, by: s.clearance.by },
    predecessor: s.predecessor && { id: s.predecessor.id, reason: s.predecessor.reason, by: s.predecessor.by },
    steps: s.steps.map(({ name, startedAt, endedAt, attempts }) => ({ name, startedAt, endedAt, attempts })),
    delivery: s.delivery && { deliveredTo: s.delivery.deliveredTo, channel: s.delivery.channel, at: s.delivery.at },
  };
}

/** Facts as they leave: without national ids and mobile numbers. */
export function viewFacts(facts: SettlementFacts): SettlementView['facts'] {
  return {
    subscription: facts.subscription,
    settlementDate: facts.settlementDate,
    reading: facts.reading,
    readingSource: facts.readingSource,
    meterState: facts.meterState ?? 'normal',
    purpose: facts.purpose,
    applicant: { kind: facts.applicant.kind, name: facts.applicant.name },
    documents: facts.documents,
    newSubscriber: facts.newSubscriber ? { name: facts.newSubscriber.name, from: facts.newSubscriber.from } : null,
    lateEntry: facts.lateEntry ? { slip: facts.lateEntry.slip, receivedAt: facts.lateEntry.receivedAt } : null,
    confirmations: facts.confirmations.map(({ code, reason }) => ({ code, reason })),
  };
}

export function viewCorrection(c: Correction): z.input<typeof correctionView> {
  return {
    n: c.n,
    kind: c.kind,
    cause: c.cause,
    description: c.description,
    status: c.status,
    owner: { role: c.owner.role, user: c.owner.user },
    reportedBy: c.reportedBy,
    reportedAt: c.reportedAt,
    dueAt: c.dueAt,
    submittedBy: c.submittedBy,
    difference: c.difference,
    noChange: c.noChange,
    verifiedBy: c.verifiedBy,
    approvedBy: c.approvedBy,
    revision: c.revision,
    note: c.note,
  };
}

export function viewComparison({ lines, total, payable, difference, received, noChange }: Comparison): z.input<typeof comparisonView> {
  return {
    lines: lines.map(({ code, label, before, after }) => ({ code, label, before, after })),
    total: { before: total.before, after: total.after },
    payable: { before: payable.before, after: payable.after },
    difference,
    received,
    noChange,
  };
}

function viewBill(bill: Bill): z.input<typeof billView> {
  return {
    number: bill.number,
    revision: bill.revision,
    issuedAt: bill.issuedAt,
    billId: bill.billId,
    payments: bill.payments.map(({ amount, paymentId, barcode }) => ({ amount, paymentId, barcode })),
    ...viewDebt(bill),
  };
}

/** A computed debt, as the preview shows it. */
export function viewDebt(debt: Debt): z.input<typeof debtView> {
  return {
    lines: debt.lines.map(({ code, label, quantity, unit, rate, days, from, to, amount, basis }) => ({
      code,
      label,
      quantity,
      unit,
      rate,
      days,
      from,
      to,
      amount,
      basis,
    })),
    total: debt.total,
    payable: debt.payable,
    carry: debt.carry,
    definitive: debt.definitive,
    tariff: debt.tariff,
    dataAsOf: debt.dataAsOf,
    days: debt.days,
    consumption: debt.consumption,
    previousReading: debt.previousReading && { reading: debt.previousReading.reading, on: debt.previousReading.on },
    illustrative: debt.illustrative,
    fee: debt.fee && { amount: debt.fee.amount, resolution: debt.fee.resolution, illustrative: debt.fee.illustrative },
  };
}

export function viewFinding({ field, code, severity, message, override }: Finding): z.input<typeof findingView> {
  return {
    field,
    code,
    severity,
    message,
    ...(override && { override: { reason: override.reason, by: override.by.name, at: override.at } }),
  };
}

/** An account for the counter. Only the ends of ids are shown: enough to compare with a card, too little to copy. */
export function viewAccount(
  snapshot: AccountSnapshot,
  stale: readonly StaleFeed[],
  { earlier, meter }: KnownBefore,
): z.input<typeof accountView> {
  const { account: a, lastBill: bill } = snapshot;
  return {
    account: {
      subscription: a.subscription,
      name: a.name,
      address: a.address,
      postalCode: a.postalCode,
      office: a.office,
      series: a.series,
      use: a.use,
      climate: a.climate,
      area: a.area,
      units: a.units,
      file: a.file,
      company: a.company,
      billId: makeBillId({ file: a.file, company: a.company }),
      welfare: a.welfare,
      connectedOn: a.connectedOn,
      closedOn: a.closedOn,
      nationalIdEnding: a.nationalId.slice(-4),
      mobileEnding: a.mobile.slice(-4),
    },
    meter: currentMeter(snapshot.meters),
    lastBill: bill && {
      serial: bill.serial,
      cycle: bill.cycle,
      issuedOn: bill.issuedOn,
      fromDate: bill.fromDate,
      toDate: bill.toDate,
      fromReading: bill.fromReading,
      toReading: bill.toReading,
      readingSource: bill.readingSource,
      totalDue: bill.totalDue,
    },
    meterState: standingMeterState(meter, bill),
    earlierSettlement: earlier && {
      id: earlier.id,
      settlementDate: earlier.settlementDate,
      reading: earlier.reading,
      total: earlier.total,
      payable: earlier.payable,
    },
    payments: snapshot.payments.map(({ reference, paidOn, amount, paymentId }) => ({ reference, paidOn, amount, paymentId })),
    adjustments: snapshot.adjustments.map(({ reference, on, amount, reason }) => ({ reference, on, amount, reason })),
    instalments: snapshot.instalments.map(({ reference, dueOn, amount }) => ({ reference, dueOn, amount })),
    deposits: snapshot.deposits.map(({ reference, amount, on }) => ({ reference, amount, on })),
    feeds: snapshot.feeds.map(({ kind, loadedAt, asOf }) => ({ kind, loadedAt, asOf, stale: stale.some((feed) => feed.kind === kind) })),
  };
}

/** The meter that is in place, else the one removed last. */
function currentMeter(meters: readonly Meter[]): z.input<typeof accountView>['meter'] {
  const meter = meters.findLast(({ removedOn }) => removedOn === null) ?? meters.at(-1);
  return meter === undefined
    ? null
    : {
        serial: meter.serial,
        digits: meter.digits,
        capacity: meter.capacity,
        coefficient: meter.coefficient,
        installedOn: meter.installedOn,
        startReading: meter.startReading,
        removedOn: meter.removedOn,
        endReading: meter.endReading,
      };
}

/** The session, with the way to the histories for whom may look into them. */
export function viewSession(
  { operator: { id, name, role, office }, mustChangePassword, expiresAt }: Pick<Session, 'operator' | 'mustChangePassword' | 'expiresAt'>,
  temporalUi: string | undefined,
): z.input<typeof operatorView> {
  return {
    id,
    name,
    role,
    office,
    mustChangePassword,
    expiresAt: expiresAt.toISOString(),
    temporalUi: (SEES_HISTORIES.includes(role) && temporalUi) || null,
  };
}

/** A person with what stands in the way of issuing today, and what will in `warnDays` days. */
export function viewPerson(person: PersonRecord, today: JalaliDate, warnDays: number): z.input<typeof personView> {
  return {
    id: person.id,
    name: person.name,
    office: person.office,
    roles: person.roles,
    active: person.active,
    mustChangePassword: person.mustChangePassword,
    createdAt: person.createdAt,
    createdBy: person.createdBy.name,
    qualifications: person.qualifications.map(({ code, validFrom, validTo, certificate, recordedBy, recordedAt }) => ({
      code,
      validFrom,
      validTo,
      certificate,
      recordedBy: recordedBy.name,
      recordedAt,
    })),
    missing: missingQualifications(person.qualifications, today),
    lapsing: lapsingQualifications(person.qualifications, today, warnDays),
  };
}
