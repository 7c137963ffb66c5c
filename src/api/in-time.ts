/** Postgres may be away while Temporal is not: an answer must not hang on it. */
export const STORE_MS = 1_500;

/** What was waited for did not come in time. */
export class LateError extends Error {
  override readonly name = 'LateError';
}

/** `promise`, or a LateError after `ms`: what it was waiting for goes on unheard. */
export async function inTime<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new LateError(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
