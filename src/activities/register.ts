import type { SettlementOrder } from '../domain/settlement/settlement.js';
import { SettlementExistsError, type SettlementStore } from '../store/settlements.js';
import { finalFailure, runId, step } from './step.js';

/** 1. The request is received: from here on it is listed, whatever fails later. */
export function register(settlements: SettlementStore) {
  return step('register', async ({ order }: { order: SettlementOrder }) => {
    try {
      await settlements.register(order, runId());
    } catch (error) {
      if (error instanceof SettlementExistsError) throw finalFailure('SETTLEMENT_EXISTS', error.message, [error.settlement]);
      throw error;
    }
  });
}
