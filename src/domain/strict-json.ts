import { KubernautError } from './errors.js';

export interface StrictJsonLimits {
  /** UTF-16 units. Default 32 Ki (safety.md 2). */
  maxLength?: number;
  /** Default 32. */
  maxDepth?: number;
}

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

const refuse = (why: string): never => {
  throw new KubernautError('ModelAnswerInvalid', { message: `the answer is not usable: ${why}`, why });
};

/**
 * One JSON value and nothing else: no fences, no prose, no duplicate or prototype keys, bounded in size and depth.
 * Throws ModelAnswerInvalid; the message never quotes the text.
 */
export function parseStrictJson(text: string, { maxLength = 32 * 1024, maxDepth = 32 }: StrictJsonLimits = {}): unknown {
  if (text.trim() === '') refuse('it is empty');
  if (text.length > maxLength) refuse(`it is ${text.length} characters long, at most ${maxLength} are read`);
  checkStructure(text, maxDepth);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new KubernautError('ModelAnswerInvalid', { message: 'the answer is not JSON and nothing but JSON', why: 'not JSON' }, error);
  }
}

interface Frame {
  keys?: Set<string>;
  isKeyNext: boolean;
}

/** Depth and keys, which JSON.parse does not check: it takes any depth and lets the last duplicate win. */
function checkStructure(text: string, maxDepth: number): void {
  const stack: Frame[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '"') {
      const end = endOfString(text, i);
      const top = stack.at(-1);
      if (top?.isKeyNext) checkKey(top, text.slice(i, end + 1));
      i = end;
    } else step(char, stack, maxDepth);
  }
}

function step(char: string, stack: Frame[], maxDepth: number): void {
  const top = stack.at(-1);
  if (char === '{' || char === '[') {
    if (stack.length >= maxDepth) refuse(`it nests deeper than ${maxDepth} levels`);
    stack.push(char === '{' ? { keys: new Set(), isKeyNext: true } : { isKeyNext: false });
  } else if (char === '}' || char === ']') stack.pop();
  else if (top?.keys) turn(char, top);
}

/** In an object a key follows `,` and a value `:`. */
function turn(char: string, frame: Frame): void {
  if (char === ',') frame.isKeyNext = true;
  if (char === ':') frame.isKeyNext = false;
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
  return refuse('it ends in the middle of a string');
}

function checkKey(frame: Frame, literal: string): void {
  let key: string;
  try {
    key = JSON.parse(literal) as string;
  } catch (error) {
    throw new KubernautError('ModelAnswerInvalid', { message: 'the answer has a key that is not a JSON string', why: 'not JSON' }, error);
  }
  if (FORBIDDEN.has(key)) refuse('it has a key that no answer may have');
  if (frame.keys!.has(key)) refuse('it has the same key twice');
  frame.keys!.add(key);
}
