/** Of one process at a time, far below what a statement may carry. */
const MOST_TOGETHER = 500;
/** Between the starts of two groups. One call alone never waits; a burst of single ones would otherwise be a statement each. */
const APART_MS = 20;

interface Waiting<Item, Answer> {
  items: readonly Item[];
  resolve(answers: Answer[]): void;
  reject(error: unknown): void;
}

/**
 * Calls that come while one is under way, or right after one began, go together in the next: a statement per signal would be
 * the slowest part of a burst. Answers in the order of the items; what fails, fails for all that went together.
 */
export function grouped<Item, Answer>(run: (items: readonly Item[]) => Promise<readonly Answer[]>, most = MOST_TOGETHER): (items: readonly Item[]) => Promise<Answer[]> {
  const waiting: Waiting<Item, Answer>[] = [];
  let isDraining = false;
  let beganMs = 0;

  function next(): Waiting<Item, Answer>[] {
    let count = 0;
    const fits = waiting.findIndex((w, i) => (count += w.items.length) > most && i > 0);
    return waiting.splice(0, fits < 0 ? waiting.length : fits);
  }

  async function drain(): Promise<void> {
    isDraining = true;
    while (waiting.length > 0) {
      const restMs = beganMs + APART_MS - performance.now();
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
      beganMs = performance.now();
      const group = next();
      try {
        const answers = [...(await run(group.flatMap((w) => w.items)))];
        for (const { items, resolve } of group) resolve(answers.splice(0, items.length));
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    isDraining = false;
  }

  return (items) =>
    new Promise((resolve, reject) => {
      if (items.length === 0) return resolve([]);
      waiting.push({ items, resolve, reject });
      if (!isDraining) void drain();
    });
}

/** The same for calls that answer nothing. */
export function groupedWrites<Item>(run: (items: readonly Item[]) => Promise<void>, most?: number): (item: Item) => Promise<void> {
  const write = grouped<Item, undefined>(async (items) => {
    await run(items);
    return items.map(() => undefined);
  }, most);
  return async (item) => void (await write([item]));
}
