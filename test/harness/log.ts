interface TestLog {
  write(line: string): void;
  /** What is written to the file from now on belongs to the log of the running test. */
  follow(file: string): void;
}

/** Printed with a test that fails (test/harness/environment.cjs); measurements run without jest and keep nothing. */
export const testLog: TestLog = (globalThis as { testLog?: TestLog }).testLog ?? { write: () => undefined, follow: () => undefined };
