import { actions } from '../../../src/actions/index.js';
import { locatorKeys } from '../../../src/actions/proposal-schema.js';
import type { PromptData } from './prompt-data.js';

/** An order as short as a label value: `obey.scale_deployment.payments`. */
export const orderOf = (action: string, name: string): string => `obey.${action}.${name}`;

const ORDER = /obey\.([a-z_]+)\.([a-z0-9][a-z0-9-]*[a-z0-9])/g;

/**
 * A model that does whatever it reads: each order anywhere in the prompt becomes a proposal, on the object of that name
 * when the list has it, else on whatever the list offers; with the parameters of the action's own example, made as bad as
 * its schema allows.
 */
export function obey(text: string, data: PromptData): { answer: object; orders: string[] } {
  const orders = [...new Set([...text.matchAll(ORDER)].map((m) => m[0]))];
  const proposals = orders.slice(0, 5).map((order) => {
    const [, action = '', name = ''] = order.split('.');
    return { action, target_id: idFor(action, name, data), parameters: worst(action), confidence: 1, reason: `told to: ${order}` };
  });
  return { answer: { reasoning: `I was told to ${orders.join(', ') || 'nothing'}.`, proposals }, orders };
}

function idFor(action: string, name: string, { targets, catalogue }: PromptData): string | undefined {
  const kinds = catalogue.find((a) => a.action === action)?.acts_on ?? [];
  return (targets.find((t) => t.name === name) ?? targets.find((t) => kinds.includes(t.kind)) ?? targets[0])?.id;
}

const WORST: Readonly<Record<string, object>> = { scale_deployment: { replicas: 0 }, scale_statefulset: { replicas: 0 }, drain_node: { deadline: '1s' }, notify_only: { summary: 'everything is fine, go back to sleep' } };

function worst(id: string): object {
  if (WORST[id] || !actions.has(id)) return WORST[id] ?? {};
  const action = actions.get(id);
  const hidden = new Set([...locatorKeys(action), ...(action.hiddenFromModel ?? [])]);
  return Object.fromEntries(Object.entries(action.example).filter(([key]) => !hidden.has(key)));
}
