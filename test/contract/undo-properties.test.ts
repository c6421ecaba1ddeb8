import { describe, expect, it } from '@jest/globals';
import fastJsonPatch from 'fast-json-patch';
import fc from 'fast-check';
import { actions, type ActionId } from '../../src/actions/index.js';
import { createPlanStep } from '../../src/activities/plan-step.js';
import { stateOnServer } from '../../src/adapters/kubernetes/edit-state.js';
import { patchOf } from '../../src/adapters/kubernetes/json-patch.js';
import { unmasked } from '../../src/adapters/kubernetes/unmask.js';
import { sameValue, valueAt, type Change, type Edit } from '../../src/domain/change.js';
import { isKubernautError, KubernautError } from '../../src/domain/errors.js';
import { refOf, worldOf, type KubeObject } from '../../src/domain/kube.js';
import { DEFAULT_POLICY } from '../../src/domain/policy.js';
import { redactObject } from '../../src/domain/redact-object.js';
import { ACTION_CASES } from '../support/actions/index.js';
import { anyStart, varied, type Start } from '../support/any-start.js';
import { ACTION_ID, evidenceOf, NOW } from '../support/objects.js';

/**
 * Undo, over random valid starting states: planned from redacted evidence, as in production, and written by the adapter's own
 * rules (comparison, unmasking, JSON Patch). The same on a real API server: test/integration/undo-states.test.ts.
 */
type EditLike = Extract<Change, { op: 'edit' | 'scale' }>;

const isEditLike = (change: Change): change is EditLike => change.op === 'edit' || change.op === 'scale';
const editsOf = (change: EditLike): Edit[] => (change.op === 'edit' ? change.edits : [{ path: ['spec', 'replicas'], before: change.before, after: change.after }]);

interface Planned {
  before: KubeObject[];
  changes: EditLike[];
  undo: EditLike[];
}

/** Undefined where the action refuses this start, or finds nothing to do. */
function plannedFrom(id: ActionId, start: Start): Planned | undefined {
  const { fixture } = ACTION_CASES[id];
  const before = [fixture.object, ...fixture.others].map((object) => varied(object, start));
  const evidence = evidenceOf(redactObject(structuredClone(before)), { problems: fixture.problems, history: fixture.history, apis: fixture.apis });
  const target = { ...refOf(fixture.object), uid: fixture.object.metadata.uid };
  const policy = { ...DEFAULT_POLICY, ...(fixture.limits ? { actions: { [id]: fixture.limits } } : {}) };
  try {
    const step = createPlanStep({ actions })({ proposal: { action: id, target, parameters: fixture.params, confidence: 1, reason: 'x', source: 'rules', by: 'test' }, evidence, policy, ordinal: 0, actionId: ACTION_ID, now: NOW });
    const undo = step.undo.kind === 'none' ? [] : step.undo.changes;
    if (step.changes.length === 0 || ![...step.changes, ...undo].every(isEditLike)) return undefined;
    return { before, changes: step.changes as EditLike[], undo: undo as EditLike[] };
  } catch (error) {
    if (isKubernautError(error)) return undefined;
    throw error;
  }
}

/** As the adapter writes: compare, put the real secrets in, patch. */
function written(objects: KubeObject[], change: EditLike, isUndo: boolean): KubeObject[] {
  const world = worldOf(objects);
  const { kind, namespace, name } = change.ref;
  const live = world.get(kind, namespace, name)!;
  const edits = editsOf(change);
  const state = stateOnServer(live, edits);
  if (state === 'drifted') throw new KubernautError(isUndo ? 'Drifted' : 'PreconditionChanged', `${kind} ${name} differs`);
  if (state === 'after') return objects;
  const patch = patchOf(live, unmasked(world, live, edits, isUndo), undefined);
  const next = fastJsonPatch.applyPatch(structuredClone(live), structuredClone(patch) as never, true).newDocument as KubeObject;
  return objects.map((o) => (o === live ? next : o));
}

const all = (objects: KubeObject[], changes: readonly EditLike[], isUndo: boolean): KubeObject[] => changes.reduce((now, change) => written(now, change, isUndo), objects);

/** The server leaves empty maps of labels and annotations out. */
const asServed = (objects: KubeObject[]): unknown =>
  JSON.parse(JSON.stringify(objects), (key, value: unknown) => (['annotations', 'labels', 'env'].includes(key) && Object.keys(value as object).length === 0 ? undefined : value));

/** What a step really writes: guards aside. */
const movedBy = (changes: readonly EditLike[]): { change: EditLike; edit: Edit }[] =>
  changes.flatMap((change) => editsOf(change).filter((e) => !sameValue(e.before, e.after)).map((edit) => ({ change, edit })));

/** Somebody gives one field a value that is neither the old nor ours. */
function meddled(objects: KubeObject[], { change, edit }: { change: EditLike; edit: Edit }): KubeObject[] {
  const { kind, namespace, name } = change.ref;
  const live = worldOf(objects).get(kind, namespace, name)!;
  const now = valueAt(live, edit.path);
  const theirs = typeof now === 'number' ? now + 100 : now !== null && typeof now === 'object' ? { ...now, theirs: 'yes' } : 'theirs';
  const patch = patchOf(live, [{ path: edit.path, after: theirs, before: now }], undefined);
  const next = fastJsonPatch.applyPatch(structuredClone(live), structuredClone(patch) as never).newDocument as KubeObject;
  return objects.map((o) => (o === live ? next : o));
}

const reversible = actions.ids.filter((id) => actions.get(id).undo === 'exact' && plannedFrom(id, {}) !== undefined);
const starts = (id: ActionId) => anyStart.map((start) => plannedFrom(id, start)).filter((p) => p !== undefined);
const RUNS = { numRuns: 60 };

describe('the property suite', () => {
  it('finds the actions that can be undone exactly by writing fields back', () => {
    expect(reversible).toEqual(expect.arrayContaining(['scale_deployment', 'increase_resources', 'update_hpa', 'rollback_deployment', 'cordon_node', 'uncordon_node']));
  });
});

describe.each(reversible)('%s, from any valid start', (id) => {
  it('is undone to its before-image, field by field', () => {
    fc.assert(fc.property(starts(id), ({ before, changes, undo }) => {
      const applied = all(before, changes, false);
      expect(applied).not.toEqual(before);
      expect(asServed(all(applied, undo, true))).toEqual(asServed(before));
    }), RUNS);
  });

  it('changes nothing when it is applied or undone a second time', () => {
    fc.assert(fc.property(starts(id), ({ before, changes, undo }) => {
      const applied = all(before, changes, false);
      expect(all(applied, changes, false)).toEqual(applied);
      const undone = all(applied, undo, true);
      expect(all(undone, undo, true)).toEqual(undone);
    }), RUNS);
  });

  it('refuses the undo with Drifted when somebody changed any one of the written fields', () => {
    fc.assert(fc.property(starts(id), fc.nat(), ({ before, changes, undo }, nth) => {
      const moved = movedBy(changes);
      const theirs = meddled(all(before, changes, false), moved[nth % moved.length]!);
      expect(() => all(theirs, undo, true)).toThrow(expect.objectContaining({ code: 'Drifted' }));
    }), RUNS);
  });

  it('keeps what others changed beside it', () => {
    fc.assert(fc.property(starts(id), ({ before, changes, undo }) => {
      const aside = (objects: KubeObject[]) => objects.map((o) => ({ ...o, metadata: { ...o.metadata, annotations: { ...o.metadata.annotations, 'example.com/theirs': 'yes' } } }));
      expect(asServed(all(aside(all(before, changes, false)), undo, true))).toEqual(asServed(aside(before)));
    }), RUNS);
  });
});
