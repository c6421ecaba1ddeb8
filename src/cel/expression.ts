import { Environment, type ASTNode } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import type { Expression } from '../domain/expression.js';
import { createTimeLimit, isTimeout } from './time-limit.js';

/** What one expression may cost: whoever writes it is trusted, the texts it looks at are not. */
export const LIMITS = { characters: 1024, nodes: 300, depth: 24, listElements: 200, patternCharacters: 256, evaluationMs: 100 } as const;

export type ExpressionType = 'bool' | 'string';
export type Compiled<T> = { expression: Expression<T> } | { problem: string; /** Offset in the text. */ at: number };

export interface Cel {
  compile(source: string, type: 'bool'): Compiled<boolean>;
  compile(source: string, type: 'string'): Compiled<string>;
}

/** A CEL type, or the fields of an object with theirs. */
export type Variables = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** CEL over these variables. Everything is checked when it is compiled; evaluation is bounded and never throws. */
export function createCel(variables: Variables): Cel {
  const patterns = new Map<string, RE2JS>();
  const environment = new Environment({ limits: { maxAstNodes: LIMITS.nodes, maxDepth: LIMITS.depth, maxListElements: LIMITS.listElements, maxMapEntries: 20, maxCallArguments: 4 } });
  for (const [name, type] of Object.entries(variables)) environment.registerVariable(typeof type === 'string' ? { name, type } : { name, schema: { ...type } });
  environment.registerFunction(`string.${LINEAR}(string): bool`, (text: string, pattern: string) => patterns.get(pattern)!.matcher(text).find());
  const within = createTimeLimit();

  const compile = (source: string, type: ExpressionType): Compiled<unknown> => {
    if (source.length > LIMITS.characters) return { problem: `an expression may have ${LIMITS.characters} characters, this one has ${source.length}`, at: LIMITS.characters };
    try {
      const program = environment.parse(source);
      const { refusal, isCostly } = inspect(program.ast, patterns);
      if (refusal) return refusal;
      const checked = program.check();
      if (!checked.valid) return problemOf(checked.error);
      if (checked.type !== type) return { problem: `it gives ${checked.type}, where ${type} is needed`, at: 0 };
      const run = (view: object): unknown => program(view);
      return { expression: guarded(source, isCostly ? (view) => within(LIMITS.evaluationMs, () => run(view)) : run) };
    } catch (error) {
      return problemOf(error);
    }
  };
  return { compile: compile as Cel['compile'] };
}

/** Our own function behind `matches`: the library's runs the backtracking engine of the language. */
const LINEAR = 'matchesInLinearTime';

function guarded(source: string, run: (view: object) => unknown): Expression<unknown> {
  return {
    source,
    evaluate(view) {
      try {
        return { value: run(view) };
      } catch (error) {
        if (isTimeout(error)) return { error: `it took longer than ${LIMITS.evaluationMs} ms` };
        const { code } = error as { code?: unknown };
        return code === 'no_such_key' ? { missing: summaryOf(error).replace('No such key: ', '') } : { error: summaryOf(error) };
      }
    },
  };
}

interface Inspection {
  refusal?: { problem: string; at: number };
  /** Not bounded by its size alone: it loops or looks for a pattern. */
  isCostly: boolean;
}

const LOOPS: ReadonlySet<unknown> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

function inspect(root: ASTNode, patterns: Map<string, RE2JS>): Inspection {
  const found: Inspection = { isCostly: false };
  const visit = (node: ASTNode, depth: number): void => {
    const call = callOf(node);
    const isLoop = call?.receiver !== undefined && LOOPS.has(call.name);
    if (isLoop || call?.name === 'matches') found.isCostly = true;
    found.refusal ??= refusalOf(node, { call, depth: depth + (isLoop ? 1 : 0), patterns });
    // What is looped over stands outside of its loop.
    if (isLoop) return void (visit(call.receiver!, depth), call.args.forEach((child) => visit(child, depth + 1)));
    childrenOf(node.args).forEach((child) => visit(child, depth));
  };
  visit(root, 0);
  return found;
}

interface Call {
  name: string;
  receiver?: ASTNode;
  args: ASTNode[];
}

function callOf(node: ASTNode): Call | undefined {
  if (node.op === 'rcall') return { name: node.args[0], receiver: node.args[1], args: node.args[2] };
  return node.op === 'call' ? { name: node.args[0], args: node.args[1] } : undefined;
}

function childrenOf(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}

function refusalOf(node: ASTNode, { call, depth, patterns }: { call?: Call; depth: number; patterns: Map<string, RE2JS> }): Inspection['refusal'] {
  if (call === undefined) return undefined;
  const at = node.range.start;
  if (call.name === LINEAR) return { problem: 'write matches', at };
  if (call.name === 'bind' && call.receiver?.op === 'id' && call.receiver.args === 'cel') return { problem: 'cel.bind is not available: values bound in a row can double each time', at };
  if (depth > 1) return { problem: `${call.name} inside another loop is not available: it would run for every pair`, at };
  return call.name === 'matches' && call.args.length === 1 ? usePattern(node, call, patterns) : undefined;
}

/** Refuses what is no constant pattern of RE2, else sends the call to the linear engine. */
function usePattern(node: ASTNode, call: Call, patterns: Map<string, RE2JS>): Inspection['refusal'] {
  const { op, args: pattern, range } = call.args[0]!;
  if (op !== 'value' || typeof pattern !== 'string') return { problem: 'the pattern of matches must be a text in quotes, not computed', at: range.start };
  if (pattern.length > LIMITS.patternCharacters) return { problem: `a pattern may have ${LIMITS.patternCharacters} characters`, at: range.start };
  try {
    patterns.set(pattern, RE2JS.compile(pattern));
  } catch (error) {
    return { problem: `${summaryOf(error)} (RE2 syntax: no look-around, no back-references)`, at: range.start };
  }
  (node.args as unknown[])[0] = LINEAR;
  return undefined;
}

function problemOf(error: unknown): { problem: string; at: number } {
  const { range } = error as { range?: { start: number } };
  return { problem: summaryOf(error), at: range?.start ?? 0 };
}

/** Without the excerpt that the library draws under its message. */
const summaryOf = (error: unknown): string => (error as { summary?: string }).summary ?? (error instanceof Error ? error.message : String(error));
