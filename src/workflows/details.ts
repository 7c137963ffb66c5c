import { setCurrentDetails } from '@temporalio/workflow';
import { STEP_NAMES, type Settlement, type StepName } from '../domain/settlement/settlement.js';

/** The plan's words for its steps. */
export const STEP_TITLES: Record<StepName, string> = {
  register: '۱. ثبت درخواست',
  fetchAccount: '۲. دریافت آخرین صورتحساب',
  checkReading: '۳. بررسی رقم کنتور',
  computeDebt: '۴. محاسبه مانده بدهی',
  issueBill: '۵. صدور صورتحساب تسویه',
  announce: '۶. اعلام مانده بدهی',
  scheduleFee: '۷. ثبت هزینه در بدهی متفرقه دوره آتی',
};

/** The summary of an activity that carries out several steps. */
export function stepsSummary(...names: StepName[]): string {
  return names.map((name) => STEP_TITLES[name]).join('، ');
}

/** What the Temporal UI shows of a settlement: where it stands, and its steps with their times (UTC). */
export function showDetails({ id, steps }: Pick<Settlement, 'id' | 'steps'>, details: string): void {
  const rows = STEP_NAMES.flatMap((name) => steps.find((step) => step.name === name) ?? []).map(
    ({ name, startedAt, endedAt, attempts }) => `| ${STEP_TITLES[name]} | ${timeOf(startedAt)} | ${timeOf(endedAt)} | ${attempts} |`,
  );
  const table = rows.length === 0 ? [] : [['| مرحله | آغاز | پایان | بار |', '|---|---|---|---|', ...rows].join('\n')];
  setCurrentDetails([`**تسویه ${id}**`, details, ...table].join('\n\n'));
}

function timeOf(instant: string): string {
  return instant.slice(11, 23);
}
