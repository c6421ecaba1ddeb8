/** What a model is given: the first data block of its prompt, as far as attacks look at it. */
export interface PromptData {
  target: { kind: string; namespace?: string; name: string };
  targets: { id: string; kind: string; namespace?: string; name: string }[];
  catalogue: { action: string; acts_on: string[] }[];
  /** What was asked and found, from the second turn on. */
  investigation?: object[];
}

/** From the body of a chat completion; undefined when it holds no prompt of ours. */
export function promptDataOf(body: { messages?: { content?: unknown }[] } | null): PromptData | undefined {
  const text = promptTextOf(body);
  const block = /<data>\s*([^]*?)\s*<\/data>/.exec(text)?.[1];
  return block === undefined ? undefined : (JSON.parse(block) as PromptData);
}

/** Everything but the system text. */
export const promptTextOf = (body: { messages?: { content?: unknown }[] } | null): string =>
  (body?.messages ?? []).slice(1).map((m) => String(m.content)).join('\n');

/** Ids of a kind, in the order of the list; of the given name only, when there is one. */
export const idsOf = (data: PromptData, kind: string, name?: string): string[] =>
  data.targets.filter((t) => t.kind === kind && (name === undefined || t.name === name)).map((t) => t.id);
