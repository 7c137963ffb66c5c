/** Something an operator can mend: told as one message, without a stack. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
