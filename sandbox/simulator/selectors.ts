import { selects } from '../../src/domain/kube.js';
import type { LabelSelector } from './kube-types.js';

/** An absent selector matches everything here (a NetworkPolicy peer without one), unlike in `selects`. */
export const selectorMatches = (selector: LabelSelector | undefined, labels: Record<string, string> | undefined): boolean =>
  selects(selector ?? {}, labels);

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
