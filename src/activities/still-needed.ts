import { KubernautError } from '../domain/errors.js';
import type { Evidence } from '../domain/evidence.js';
import { healthOf } from '../domain/health.js';
import { podsOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding, Step } from '../domain/plan.js';
import type { Cluster } from '../domain/ports.js';
import { containerStatusesOf } from '../domain/status.js';
import { describeTarget, type Target } from '../domain/target.js';

export interface StillNeededDeps {
  cluster(name: string): Cluster;
  collect(input: { target: Target; problems: [] }): Promise<Evidence>;
  diagnose(evidence: Evidence): Finding[];
}

/** A crash loop looks well between two crashes: only this long without one counts as calm. */
const CALM_MS = 120_000;
/** How full a volume is stands in no object: only its alert can say that it is over, and that one was asked just before. */
const SEEN_IN_ALERTS_ONLY = ['PersistentVolumeClaim'];

/**
 * Asked right before the first write: hours may lie between plan and approval. Throws `AlreadyRemediated` when what the
 * analyzers had seen is gone by itself. The cheap look comes first, so that what is visibly broken costs nothing more.
 */
export function createStillNeeded({ cluster, collect, diagnose }: StillNeededDeps) {
  return async (step: Step): Promise<void> => {
    // what is added beside an object says nothing about its health; such an action looks for itself
    if (step.changes.length > 0 && step.changes.every((c) => c.op === 'create')) return;
    if (step.isWitnessed !== true || SEEN_IN_ALERTS_ONLY.includes(step.target.kind)) return;
    const world = cluster(step.target.cluster).world();
    const object = world.get(step.target.kind, step.target.namespace, step.target.name);
    if (!object || !healthOf(world, object).isHealthy || !isCalm(world, object)) return;
    const findings = diagnose(await collect({ target: step.target, problems: [] }));
    if (findings.length === 0 || findings.some((f) => f.conclusion !== 'no_action_needed')) return;
    throw new KubernautError('AlreadyRemediated', `${describeTarget(step.target)} is well by itself by now (${findings[0]!.summary}); nothing is written`);
  };
}

interface Ended {
  lastState?: { terminated?: { finishedAt?: string } };
}

const isCalm = (world: World, object: KubeObject): boolean =>
  podsOf(world, object)
    .flatMap((pod) => containerStatusesOf(pod) as Ended[])
    .every(({ lastState }) => Date.now() - Date.parse(lastState?.terminated?.finishedAt ?? '1970-01-01T00:00:00Z') > CALM_MS);
