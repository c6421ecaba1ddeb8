import type { Template, TemplateRung, TemplateStep } from '../contracts/template.js';
import type { ObjectRef } from './kube.js';
import { inOrder } from './plan-graph.js';
import type { Proposal, ProposalSource } from './plan.js';

/** One way to try: a graph of proposals that becomes one plan. */
export interface Candidate {
  /** Names the rung of the ladder: one that was tried is not tried again in the same remediation. */
  key: string;
  /** `<id>@<version>` of the template that arranged it. */
  template?: string;
  steps: CandidateStep[];
  source: ProposalSource;
  confidence: number;
}

export interface CandidateStep {
  ordinal: number;
  needs: number[];
  isOptional: boolean;
  proposal: Proposal;
}

export interface Arranging {
  /** Ranked, best first. */
  candidates: readonly Proposal[];
  /** What decided. */
  cause: string;
  templates: readonly Template[];
  /** A model's choice beats the cause's. */
  chosen?: string;
  target: ObjectRef & { uid?: string };
  /** Locator parameters of an object for an action, or undefined when the action does not act on that kind. */
  locate(action: string, ref: ObjectRef): Record<string, string> | undefined;
}

/** The same action on the same object: the same rung, whatever the template around it. */
export const keyOf = (p: Pick<Proposal, 'action' | 'target'>): string => `${p.action}:${p.target.kind}/${p.target.namespace ?? ''}/${p.target.name}`;

/**
 * Puts ranked proposals into the rungs of the template that fits. The ranking keeps deciding what is tried first: a rung
 * stands where its main step (the first that is neither optional nor fixed by the template) was ranked; rungs that the
 * template brings itself come last, and only when something was proposed at all.
 */
export function arrange(input: Arranging): Candidate[] {
  const template = templateFor(input);
  if (!template || input.candidates.length === 0) return input.candidates.map(single);
  const name = `${template.id}@${template.version}`;
  const ranked = input.candidates.map((proposal) => {
    const rung = template.rungs.find((r) => mainOf(r)?.action === proposal.action);
    const steps = rung && bind(rung, template, { ...input, main: proposal });
    return steps ? { ...single(proposal), template: name, steps } : single(proposal);
  });
  const own = template.rungs.filter((rung) => !mainOf(rung)).flatMap((rung) => ownRung(rung, template, input));
  return [...ranked, ...own];
}

const single = (proposal: Proposal): Candidate => ({
  key: keyOf(proposal), source: proposal.source, confidence: proposal.confidence, steps: [{ ordinal: 0, needs: [], isOptional: false, proposal }],
});

function templateFor({ templates, cause, chosen }: Arranging): Template | undefined {
  const byChoice = templates.find((t) => t.id === chosen);
  return byChoice ?? templates.find((t) => t.causes.some((c) => c === cause || (c.endsWith('.*') && cause.startsWith(c.slice(0, -1)))));
}

const isProposed = (s: TemplateStep): boolean => s.on === undefined || s.on === 'proposal';

/** The step that a rung is about. */
const mainOf = (rung: TemplateRung): TemplateStep | undefined => rung.steps.find((s) => isProposed(s) && !s.optional);

function ownRung(rung: TemplateRung, template: Template, input: Arranging): Candidate[] {
  const { source, confidence } = input.candidates.at(-1)!;
  const steps = bind(rung, template, input);
  return steps ? [{ key: `${template.id}: ${rung.title}`, template: `${template.id}@${template.version}`, source, confidence, steps }] : [];
}

type Binding = Arranging & { main?: Proposal };

/** Undefined when a step that is not optional has no object or no proposal: then the rung is not offered. */
function bind(rung: TemplateRung, template: Template, input: Binding): CandidateStep[] | undefined {
  const bound = new Map<string, Proposal>();
  for (const step of bindingOrder(rung)) {
    const proposal = proposalFor(step, template, input, bound);
    if (proposal) bound.set(step.id, proposal);
    else if (!step.optional) return undefined;
  }
  const kept = rung.steps.filter((s) => bound.has(s.id));
  const ordinalOf = new Map(kept.map((s, i) => [s.id, i]));
  const needsOf = (s: TemplateStep) => (s.needs ?? []).flatMap((id) => ordinalOf.get(id) ?? []);
  return inOrder(kept.map((s, ordinal) => ({ ordinal, needs: needsOf(s), isOptional: s.optional === true, proposal: bound.get(s.id)! })));
}

/** Steps on the object of another step are bound after it. */
const bindingOrder = ({ steps }: TemplateRung): TemplateStep[] => [...steps.filter((s) => !s.on?.startsWith('step:')), ...steps.filter((s) => s.on?.startsWith('step:'))];

function proposalFor(step: TemplateStep, template: Template, input: Binding, bound: ReadonlyMap<string, Proposal>): Proposal | undefined {
  if (!isProposed(step)) return ownProposal(step, template, input, step.on === 'target' ? input.target : bound.get(step.on!.slice('step:'.length))?.target);
  const proposed = input.main?.action === step.action ? input.main : input.candidates.find((p) => p.action === step.action);
  return proposed && { ...proposed, parameters: { ...valuesOf(step, template), ...proposed.parameters } };
}

/** What the template brings itself is as sure, and comes from the same side, as what it goes with. */
function ownProposal(step: TemplateStep, template: Template, input: Binding, target: Proposal['target'] | undefined): Proposal | undefined {
  const located = target && input.locate(step.action, target);
  if (!target || !located) return undefined;
  const { source, confidence } = input.main ?? input.candidates.at(-1)!;
  const name = `${template.id}@${template.version}`;
  return { action: step.action, target, parameters: { ...valuesOf(step, template), ...located }, confidence, source, reason: `part of ${name}`, by: `template ${template.id}` };
}

const valuesOf = (step: TemplateStep, { parameters = {} }: Template): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(step.with ?? {})
      .map(([key, value]) => [key, typeof value === 'object' ? parameters[value.param]?.default : value] as const)
      .filter(([, value]) => value !== undefined),
  );
