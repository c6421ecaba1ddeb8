import { Type } from '@sinclair/typebox';
import type { Edit } from '../domain/change.js';
import { stateOfEdits } from '../domain/edit-state.js';
import { durationMs } from '../domain/duration.js';
import type { KubeObject } from '../domain/kube.js';
import { defineAction, type ActionFacts } from './define.js';
import { Locator } from './parameters.js';
import { currentRevisionOf, fallbackOf, HASH_LABEL, hasTemplateOf, revisionOf, revisionsOf, rolledOutAt, templateOf } from './revisions.js';
import { rolloutProgress, rolloutTimeoutS, staleDeadlineOf, withStaleDeadline } from './rollout.js';
import { refuse } from './workload.js';

const MAX_REVISIONS_BACK = 5;
const OLD_MS = durationMs('30d');
/** Clocks of Prometheus and the API server differ. */
const SLACK_MS = durationMs('1m');

/**
 * Puts the Deployment back to the template of an earlier revision, pinned by its pod-template-hash: revision numbers
 * move with every rollout, so a repeat by number would roll forward again.
 *
 * Claims that the old template names must exist. ConfigMaps, Secrets and service accounts are not looked up (we may not list
 * them, and a dry run of a Deployment does not look either): a missing one shows as pods that do not start, `verify` does not reach, and the rollback is undone.
 */
export const rollbackDeployment = defineAction({
  id: 'rollback_deployment',
  summary: 'Put a Deployment back to the pod template of an earlier revision that worked.',
  tier: 2,
  targets: ['Deployment'],
  params: Type.Object({ ...Locator, revision: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647 })) }, { additionalProperties: false }),
  targetOf: ({ namespace, name }) => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name }),
  locate: ({ namespace = '', name }) => ({ namespace, name }),
  permissions: [{ group: 'apps', resource: 'deployments', verbs: ['patch'], scope: 'namespace' }],
  undo: 'exact',
  timeoutS: 630,
  example: { namespace: 'shop', name: 'api', revision: 3 },

  applies(object, { world }) {
    if (object.spec.paused) return 'it is paused; resume it first';
    if (object.metadata.annotations?.['kubernaut.io/rollback'] === 'manual') return 'its owner keeps rollbacks manual (annotation kubernaut.io/rollback)';
    return revisionsOf(world, object).length > 1 ? true : 'it has no earlier revision; choose another action';
  },

  plan(object, params, facts) {
    const at = `deployment ${params.namespace}/${params.name}`;
    const verdict = this.applies(object, facts);
    if (verdict !== true) refuse('PreconditionChanged', `${at}: ${verdict}`);
    const current = currentRevisionOf(facts.world, object);
    if (!current) return refuse('PreconditionChanged', `${at} carries a template that was not rolled out yet; finish that rollout first`);
    const chosen = choose(object, current, params.revision, facts);
    checkClaims(object, chosen, facts);
    checkWindow(object, current, facts);
    const to = revisionOf(chosen);
    const isFar = revisionOf(current) - to > MAX_REVISIONS_BACK || Date.parse(facts.now) - Date.parse(chosen.metadata.creationTimestamp ?? facts.now) > OLD_MS;
    return {
      changes: [{ op: 'edit', ref: this.targetOf(params), uid: object.metadata.uid!, edits: editsOf(object, chosen) }],
      summary: `roll ${at} back from revision ${revisionOf(current)} to ${to}`,
      tier: isFar ? 3 : 2,
      parameters: withStaleDeadline({ ...params, revision: to, templateHash: chosen.metadata.labels?.[HASH_LABEL] }, object),
      timeoutS: rolloutTimeoutS(object),
    };
  },

  verify(world, params, { namespace, name }, { changes }) {
    const object = world.get('Deployment', namespace, name);
    const edits = changes.flatMap((c) => (c.op === 'edit' ? c.edits : []));
    if (object && stateOfEdits(object, edits) !== 'after') return { state: 'waiting', detail: 'the earlier template is not there yet' };
    return rolloutProgress(object, staleDeadlineOf(params));
  },
});

function choose(object: KubeObject, current: KubeObject, revision: number | undefined, { world }: ActionFacts): KubeObject {
  const at = `deployment ${object.metadata.namespace}/${object.metadata.name}`;
  if (revision === undefined) {
    return fallbackOf(world, object, current) ?? refuse('PreconditionChanged', `${at} has no earlier revision that is known to have worked; choose another action`);
  }
  if (revision === revisionOf(current)) refuse('InvalidParams', `${at} is at revision ${revision} already; choose an earlier one`);
  if (revision > revisionOf(current)) refuse('InvalidParams', `${at} is at revision ${revisionOf(current)}, ${revision} is no earlier one; choose one below`);
  const all = revisionsOf(world, object);
  const found = all.find((rs) => revisionOf(rs) === revision);
  if (!found) return refuse('InvalidParams', `${at} has no revision ${revision}; it has ${all.map(revisionOf).join(', ')}`);
  if (hasTemplateOf(object, found)) refuse('InvalidParams', `${at} has the template of revision ${revision} already; choose another one`);
  return found;
}

/** Claims are recorded whole, or the record says that some were left out. */
function checkClaims(object: KubeObject, chosen: KubeObject, { world, evidence }: ActionFacts): void {
  const { namespace, name } = object.metadata;
  if (evidence.missing.some((m) => m.what.startsWith('PersistentVolumeClaim'))) return;
  const volumes: { persistentVolumeClaim?: { claimName: string } }[] = chosen.spec.template.spec?.volumes ?? [];
  const gone = volumes.flatMap((v) => v.persistentVolumeClaim?.claimName ?? []).find((claim) => !world.get('PersistentVolumeClaim', namespace, claim));
  if (gone) refuse('PreconditionChanged', `deployment ${namespace}/${name}: revision ${revisionOf(chosen)} mounts claim ${gone}, which does not exist any more; choose another revision`);
}

/** A rollout is only to blame for what began after it, and soon after it. Policy `window`, default 24 h. */
function checkWindow(object: KubeObject, current: KubeObject, { evidence, limits }: ActionFacts): void {
  const startedAt = rolledOutAt(current);
  if (!startedAt || evidence.problems.length === 0) return;
  const windowMs = durationMs(String(limits.window ?? '24h'));
  const began = evidence.problems.map((p) => Date.parse(p.startedAt) - Date.parse(startedAt));
  if (!began.some((ms) => ms >= -SLACK_MS && ms <= windowMs)) {
    const at = `deployment ${object.metadata.namespace}/${object.metadata.name}`;
    const when = began.every((ms) => ms < 0) ? 'before' : 'long after';
    refuse('PreconditionChanged', `${at}: the alert began ${when} revision ${revisionOf(current)} rolled out, so it is not the cause; choose another action`);
  }
}

/** What kubectl does not carry over, and what is ours. */
const KEPT = /^(deployment\.kubernetes\.io\/|kubernaut\.io\/|deprecated\.deployment\.rollback\.to$|kubectl\.kubernetes\.io\/last-applied-configuration$)/;
const CHANGE_CAUSE = 'kubernetes.io/change-cause';

/**
 * Template and the annotations that revision had. Annotations that were added since stay (they may be somebody's opt-in),
 * except the change cause, which would describe the wrong revision.
 */
function editsOf(object: KubeObject, chosen: KubeObject): Edit[] {
  const now = object.metadata.annotations ?? {};
  const then = chosen.metadata.annotations ?? {};
  const keys = [...new Set([...Object.keys(then), CHANGE_CAUSE])].filter((key) => !KEPT.test(key) && now[key] !== then[key]).sort();
  return [
    { path: ['spec', 'template'], before: object.spec.template, after: templateOf(chosen) },
    ...keys.map((key) => ({ path: ['metadata', 'annotations', key], before: now[key], after: then[key] })),
  ];
}
