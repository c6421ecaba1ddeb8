/** Of one result as JSON; twelve of them and the evidence fit into a prompt. */
const MOST_CHARACTERS = 10_000;
/** Tried in turn: elements of a list, characters of a text, levels. */
const SHAPES = [
  { items: 200, text: 2000, depth: 24 },
  { items: 60, text: 500, depth: 14 },
  { items: 20, text: 300, depth: 10 },
  { items: 8, text: 200, depth: 8 },
  { items: 3, text: 100, depth: 5 },
  { items: 1, text: 60, depth: 3 },
] as const;

type Shape = (typeof SHAPES)[number];

/** A result that is too big keeps its shape and loses detail, and says so in every place where something is missing. */
export function bounded(result: unknown): { result: unknown; isCut: boolean } {
  for (const shape of SHAPES) {
    let isCut = false;
    const cut = shaped(result, shape, 0, () => (isCut = true));
    if (JSON.stringify(cut).length <= MOST_CHARACTERS) return { result: cut, isCut };
  }
  return { result: 'too big to be shown', isCut: true };
}

function shaped(value: unknown, shape: Shape, depth: number, onCut: () => void): unknown {
  if (typeof value === 'string') return value.length > shape.text ? (onCut(), `${value.slice(0, shape.text)}… (${value.length - shape.text} more characters)`) : value;
  if (value === null || typeof value !== 'object') return value;
  if (depth >= shape.depth) return (onCut(), '…');
  const inner = (v: unknown): unknown => shaped(v, shape, depth + 1, onCut);
  if (Array.isArray(value)) return value.length > shape.items ? (onCut(), [...value.slice(0, shape.items).map(inner), `… ${value.length - shape.items} more`]) : value.map(inner);
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined).map(([k, v]) => [k, inner(v)]));
}
