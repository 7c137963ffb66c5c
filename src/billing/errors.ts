/** No answer of billing, or its word that it cannot now: the same call may pass later. */
export class BillingUnavailableError extends Error {
  override readonly name = 'BillingUnavailableError';
}

/** Billing refuses the call (a wrong token, another batch under the number): the same call is refused again until somebody acts. */
export class BillingRefusedError extends Error {
  override readonly name = 'BillingRefusedError';
  constructor(
    message: string,
    readonly status: number,
    /** of its problem document; null when it sent none */
    readonly code: string | null,
  ) {
    super(message);
  }
}

/** Billing's answer is not what the contract says, so nothing of it is used. `faults`: `field: what is wrong`, each. */
export class BillingAnswerError extends Error {
  override readonly name = 'BillingAnswerError';
  constructor(
    message: string,
    readonly faults: readonly string[],
  ) {
    super(message);
  }
}
