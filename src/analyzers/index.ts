import type { Evidence } from '../domain/evidence.js';
import { worldOf } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { registryOf } from '../domain/registry.js';
import type { AnalyzerDefinition } from './define.js';
import { withChanges } from './reading/citations.js';
import { dependencyDown } from './dependency-down.js';
import { healthy } from './healthy.js';
import { serviceBroken } from './service-broken.js';
import { targetGone } from './target-gone.js';
import { WORKLOAD_ANALYZERS } from './workload-analyzers.js';

export const analyzers = registryOf<AnalyzerDefinition>('analyzer', [...WORKLOAD_ANALYZERS, dependencyDown, serviceBroken, targetGone, healthy]);

/** More findings than this help nobody and would swell the history. */
const MOST_FINDINGS = 12;
const MOST_EVIDENCE = 6;

/** All findings, the surest first; equal ones keep the order of the registry. */
export function diagnoseAll(evidence: Evidence): Finding[] {
  const world = worldOf(withTarget(evidence));
  const isGoing = !evidence.object || evidence.object.metadata.deletionTimestamp !== undefined;
  const members = isGoing ? [targetGone] : analyzers.members;
  const found = members.flatMap((a) => a.diagnose(evidence, world));
  const sorted = withoutHealthy(distinct(found))
    .sort((a, b) => b.confidence - a.confidence)
    .slice(0, MOST_FINDINGS);
  return withChanges(sorted, evidence, world).map((f) => ({ ...f, evidence: [...new Set(f.evidence)].slice(0, MOST_EVIDENCE) }));
}

const withTarget = ({ object, objects }: Evidence) =>
  object && !objects.some((o) => o.metadata.uid === object.metadata.uid) ? [...objects, object] : objects;

/** "Healthy" is what is left when nothing else was found. */
const withoutHealthy = (found: Finding[]): Finding[] => (found.some((f) => f.cause !== 'healthy') ? found.filter((f) => f.cause !== 'healthy') : found);

const keyOf = (f: Finding): string => [f.cause, f.target.kind, f.target.namespace, f.target.name, f.proposals.map((p) => p.action).join()].join('/');

function distinct(found: Finding[]): Finding[] {
  const best = new Map<string, Finding>();
  for (const f of found) if ((best.get(keyOf(f))?.confidence ?? -1) < f.confidence) best.set(keyOf(f), f);
  return [...best.values()];
}

export interface ActionableHealth {
  /** `undefined`: evidence is missing, or things are still moving. */
  isHealthy: boolean | undefined;
  /** Causes that still stand, the surest first. */
  causes: string[];
  reasons: string[];
}

/** Is the trouble gone? The same analyzers on fresh evidence; used by assessments. */
export function actionableHealth(evidence: Evidence): ActionableHealth {
  const findings = diagnoseAll(evidence);
  const standing = findings.filter((f) => f.conclusion === undefined || f.conclusion === 'needs_person');
  const causes = standing.map((f) => f.cause);
  if (standing.length > 0) return { isHealthy: false, causes, reasons: standing.map((f) => f.summary) };
  const isOpen = findings.length === 0 || findings.some((f) => f.conclusion === 'inconclusive');
  return { isHealthy: isOpen ? undefined : true, causes, reasons: findings.map((f) => f.summary) };
}
