import type { KubeObject } from '../kube.js';
import { AUTONOMY, stricterOf, type Autonomy, type Policy } from '../policy.js';
import { isSignedFor, type RuleHit } from '../policy-rule.js';
import { namespaceOf } from '../target.js';
import { lineOf, subjectOf } from './checks/subject.js';
import type { SafetyFacts } from './facts.js';

/** The level at which a step stands after everything that has a say in it. */
export interface Standing {
  autonomy: Autonomy;
  /** The key, rule or annotation that decided. */
  from: string;
  /** Tier 3 may go without a person: somebody wrote `auto` beside that very action, or signed for it. */
  mayTier3: boolean;
  /** An annotation that names no level. */
  invalid?: string;
}

export const ANNOTATION = 'kubernaut.io/autonomy';

/**
 * The key of the file, then rules that allow (they relax `approve` alone), then what tightens: rules that observe or suggest,
 * annotations, dry run. What tightens always wins, whatever was allowed.
 */
export function standingOf(f: SafetyFacts): Standing {
  const rules = f.policyFacts?.rules.filter((r) => r.failed === undefined) ?? [];
  const base = relaxed(f, { autonomy: f.scope.autonomy, from: f.policyFacts?.from ?? 'autonomy', mayTier3: isExplicitlyAuto(f) }, rules);
  const ruled = rules.reduce((s, { effect, name }) => (effect === 'observe' || effect === 'suggest' ? tightened(s, effect, name) : s), base);
  const standing = annotationsOf(f).reduce(annotated, ruled);
  return f.policy.dryRun ? tightened(standing, 'observe', 'dryRun') : standing;
}

function annotated(standing: Standing, { value, bearer }: { value: string; bearer: string }): Standing {
  const from = `annotation ${ANNOTATION} of ${bearer}`;
  if ((AUTONOMY as readonly string[]).includes(value)) return tightened(standing, value as Autonomy, from);
  return { ...standing, invalid: `${from} is ${JSON.stringify(value).slice(0, 60)}; write one of ${AUTONOMY.join(', ')}` };
}

/** Only what would be asked because of the level; tier 3 only under a signature that covers it. */
function relaxed(f: SafetyFacts, standing: Standing, rules: readonly RuleHit[]): Standing {
  if (standing.autonomy !== 'approve' && standing.autonomy !== 'auto') return standing;
  const allowing = rules.filter((r) => r.effect === 'allow');
  if (f.step.tier === 3) {
    const signed = allowing.find((r) => isSignedFor(r, { action: f.step.action, target: f.step.target, now: f.now }));
    return signed ? { autonomy: 'auto', from: signed.name, mayTier3: true } : standing;
  }
  const [rule] = allowing;
  return rule && standing.autonomy === 'approve' ? { ...standing, autonomy: 'auto', from: rule.name } : standing;
}

function tightened(standing: Standing, to: Autonomy, from: string): Standing {
  const autonomy = stricterOf(standing.autonomy, to);
  return autonomy === standing.autonomy ? standing : { ...standing, autonomy, from };
}

/** On the object, on what owns it, on its namespace. Whoever owns those may ask for more care, never for less. */
function annotationsOf(f: SafetyFacts): { value: string; bearer: string }[] {
  const subject = subjectOf(f);
  const bearers: (KubeObject | undefined)[] = [...(subject ? lineOf(f.world, subject) : []), f.world.get('Namespace', undefined, namespaceOf(f.step.target) ?? '')];
  return bearers.flatMap((o) => {
    const value = o?.metadata.annotations?.[ANNOTATION];
    return o === undefined || value === undefined ? [] : [{ value: value.trim(), bearer: `${o.kind.toLowerCase()} ${o.metadata.name}` }];
  });
}

/** Tier 3 runs by itself only where somebody wrote `auto` beside that very action. */
function isExplicitlyAuto({ policy, step, policyFacts }: SafetyFacts): boolean {
  const own = ownAutonomy(policy.namespaces, namespaceOf(step.target), step.action) ?? ownAutonomy(policy.environments, policyFacts?.environment, step.action);
  return (own ?? policy.actions[step.action]?.autonomy) === 'auto';
}

const ownAutonomy = (places: Policy['namespaces'], place: string | undefined, action: string): Autonomy | undefined =>
  place !== undefined && Object.hasOwn(places, place) ? places[place]!.actions?.[action]?.autonomy : undefined;
