/** A refusal to tell without a stack: exit code 1. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
