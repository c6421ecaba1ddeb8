import type { ConfigIssue } from './issues.js';

/** What is wrong with an expression, and where in it. */
export function expressionIssue(path: string, source: string, found: { problem: string; at: number }, expects: { type: string; example: string }): ConfigIssue {
  const around = `${source.slice(Math.max(0, found.at - 20), found.at)}⟨here⟩${source.slice(found.at, found.at + 20)}`.replaceAll('\n', ' ');
  return { path, got: `${found.problem} at character ${found.at + 1}: ${around}`, expected: `a CEL expression that gives a ${expects.type}`, example: expects.example };
}
