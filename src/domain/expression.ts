/** What an expression says about one thing. `missing`: it asks for a key (a label) that is not there, which is no mistake. */
export type Answer<T> = { value: T } | { missing: string } | { error: string };

/** A compiled expression. Evaluating is pure, bounded, and never throws. */
export interface Expression<T> {
  source: string;
  evaluate(view: object): Answer<T>;
}
