import type { ProblemDocument } from './api';

const DETAILS: Record<number, string> = {
  413: 'پروکسی شبکه درخواستی به این حجم را نمی‌پذیرد و سامانه آن را ندیده است. پرونده را در چند بخش بفرستید، یا از مسئول شبکه بخواهید حد حجم پروکسی را بالا ببرد.',
  504: 'سامانه پاسخ می‌دهد، ولی این کار بیش از مهلت پروکسی شبکه طول کشید و شاید انجام شده باشد. پیش از تکرار ببینید انجام شده است یا نه، و از مسئول شبکه بخواهید مهلت پروکسی را بالا ببرد.',
};
const ELSE = 'این پاسخ از سامانه نیامد، از پروکسی شبکه آمد. دوباره تلاش کنید؛ اگر باز هم شد، این پیام را به مسئول شبکه نشان دهید.';

/** The answer of something between the page and the service, which answers with problem documents: what it means and what to do. */
export function fromProxy(status: number): ProblemDocument {
  return {
    type: 'urn:tasvieh:problem:proxy',
    title: `A proxy answered with ${status}`,
    status,
    detail: DETAILS[status] ?? `${ELSE} (HTTP ${status})`,
    code: 'PROXY',
    errors: [],
  };
}
