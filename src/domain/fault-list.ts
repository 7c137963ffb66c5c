/** So many faults are listed; the others are counted. */
export const MAX_FAULTS = 1000;

/** What is wrong with something that may be large: the first faults that were found, and how many there are of each code. */
export class FaultList<F extends { code: string }> {
  readonly listed: F[] = [];
  private readonly counted = new Map<string, number>();

  get total(): number {
    let total = 0;
    for (const count of this.counted.values()) total += count;
    return total;
  }

  /** By code, all of them. */
  get counts(): Record<string, number> {
    return Object.fromEntries(this.counted);
  }

  /** `count`: so many of its kind were found, of which this one is listed. */
  add(fault: F, count = 1): void {
    this.counted.set(fault.code, (this.counted.get(fault.code) ?? 0) + count);
    if (this.listed.length < MAX_FAULTS) this.listed.push(fault);
  }
}

/** A list of any length as a problem shows it. */
export function bounded<F extends { code: string }>(faults: readonly F[]): FaultList<F> {
  const list = new FaultList<F>();
  for (const fault of faults) list.add(fault);
  return list;
}
