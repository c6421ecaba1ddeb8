import { invalidAnswer } from './invalid.js';

/** The arguments of the one call that was asked for, as text. Their SDKs hand them over parsed, at any depth. Throws ModelAnswerInvalid. */
export function toolInput(calls: readonly { name?: unknown; input?: unknown }[], name: string): string {
  if (calls.length > 1) throw invalidAnswer('it called more than one tool');
  const call = calls[0];
  if (call?.name !== name) throw invalidAnswer('it called an unknown tool');
  try {
    return JSON.stringify(call.input) ?? '';
  } catch {
    throw invalidAnswer('it is nested too deeply'); // JSON.parse takes any depth, JSON.stringify does not
  }
}
