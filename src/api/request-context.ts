import { AsyncLocalStorage } from 'node:async_hooks';

/** The request that is being answered, for what it asks of Temporal. */
export const currentRequest = new AsyncLocalStorage<{ requestId: string }>();
