import { arrange, type Candidate } from '../../domain/arrange.js';
import type { ObjectRef } from '../../domain/kube.js';
import type { Ranking } from '../../domain/ranking.js';
import type { DecisionInput } from './input.js';

/** Locator parameters of an object for an action, or undefined when it does not act on that kind. */
export type Locate = (action: string, ref: ObjectRef) => Record<string, string> | undefined;

/** The ways to try that are left, best first: what was ranked, arranged by the template that fits. */
export const candidatesOf = ({ request, templates }: DecisionInput, ranking: Ranking, locate: Locate): Candidate[] =>
  arrange({
    candidates: ranking.candidates, cause: ranking.cause, templates, target: request.target, locate,
    ...(request.template ? { chosen: request.template } : {}),
  }).filter((c) => !request.tried.includes(c.key));
