import type { LabelSelector } from './kube-types.js';

type Labels = Record<string, string> | undefined;

function isExpressionMet(labels: Labels, key: string, operator: string, values: string[]): boolean {
  const value = labels?.[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/** An empty selector matches everything, as in the API. */
export function selectorMatches(selector: LabelSelector | undefined, labels: Labels): boolean {
  const pairs = Object.entries(selector?.matchLabels ?? {});
  const expressions = selector?.matchExpressions ?? [];
  return (
    pairs.every(([key, value]) => labels?.[key] === value) &&
    expressions.every((one) => isExpressionMet(labels, one.key, one.operator, one.values ?? []))
  );
}

/** Parses the query form: `a=b,c!=d,e in (x,y),f notin (z),g,!h`. */
export function parseSelector(text: string): LabelSelector {
  const matchExpressions = splitTopLevel(text).map((part) => {
    const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(part);
    if (set) {
      const values = (set[3] ?? '').split(',').map((value) => value.trim());
      return { key: set[1] ?? '', operator: set[2] === 'in' ? 'In' : 'NotIn', values };
    }
    const pair = /^([^!=]+?)\s*(==|=|!=)\s*(.*)$/.exec(part);
    if (pair) return { key: pair[1] ?? '', operator: pair[2] === '!=' ? 'NotIn' : 'In', values: [pair[3] ?? ''] };
    return part.startsWith('!') ? { key: part.slice(1), operator: 'DoesNotExist' } : { key: part, operator: 'Exists' };
  });
  return { matchExpressions };
}

const splitTopLevel = (text: string): string[] =>
  text.split(/,(?![^(]*\))/).map((part) => part.trim()).filter((part) => part !== '');
