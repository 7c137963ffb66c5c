import type { SettlementOrder } from '../domain/settlement/settlement.js';
import { SettlementExistsError, type SettlementStore } from '../store/settlements.js';
import { type EarlierAttempts, finalFailure, runId, stepTimes } from './step.js';

/** 1. The request is received. By itself only when the announcement does not come at once: from here on it is listed. */
export function register(settlements: SettlementStore) {
  return async ({ order }: { order: SettlementOrder }, earlier?: EarlierAttempts): Promise<void> => {
    const steps = stepTimes(earlier);
    try {
      await settlements.register(order, runId(), () => {
        steps.end('register');
        return steps.times;
      });
    } catch (error) {
      if (error instanceof SettlementExistsError) throw finalFailure('SETTLEMENT_EXISTS', error.message, [error.settlement]);
      throw error;
    }
  };
}
