import type { KubeObject } from '../../../src/domain/kube.js';
import type { Refusal, Scene } from './action-case.js';
import { objectIn } from './stage.js';

/** Small ways to make recorded evidence wrong, for tables of refusals. */
type Spoil = NonNullable<Refusal['spoil']>;

/** Changes the object that the step is about. */
export const itself = (change: (o: KubeObject, scene: Scene) => void): Spoil => (objects, scene) => void change(objectIn(objects, scene.ref), scene);

export const nodes = (objects: KubeObject[]): KubeObject[] => objects.filter((o) => o.kind === 'Node');
export const otherNodes = (objects: KubeObject[], { ref }: Scene): KubeObject[] => nodes(objects).filter((o) => o.metadata.name !== ref.name);
export const podsIn = (objects: KubeObject[], { ref }: Scene): KubeObject[] => objects.filter((o) => o.kind === 'Pod' && o.metadata.namespace === ref.namespace);
export const podsOnIt = (objects: KubeObject[], { ref }: Scene): KubeObject[] => objects.filter((o) => o.kind === 'Pod' && o.spec.nodeName === ref.name);
export const each = (of: (objects: KubeObject[], scene: Scene) => KubeObject[], change: (o: KubeObject) => void): Spoil => (objects, scene) => void of(objects, scene).forEach(change);
export const adding = (more: (scene: Scene, objects: KubeObject[]) => KubeObject[]): Spoil => (objects, scene) => [...objects, ...more(scene, objects)];

/** A quota of the scene's namespace with so much in use. */
export const quota = (hard: Record<string, string>, used: Record<string, string>): Spoil =>
  adding(({ ref }) => [{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace: ref.namespace!, name: 'all', uid: 'q' }, spec: { hard }, status: { hard, used } }]);

/** A budget over the pods of `api`. */
export const budget = (namespace: string, name: string, minAvailable: number): KubeObject => ({
  apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { namespace, name, uid: `b-${name}` },
  spec: { minAvailable, selector: { matchLabels: { app: 'api' } } }, status: { disruptionsAllowed: 1 },
});

export const condition = (o: KubeObject, type: string, status: string, reason = 'Test'): void => {
  o.status = { ...o.status, conditions: [...(o.status?.conditions ?? []).filter((c: { type: string }) => c.type !== type), { type, status, reason, lastTransitionTime: new Date().toISOString() }] };
};

export const annotate = (o: KubeObject, key: string, value: string): void => void (o.metadata.annotations = { ...o.metadata.annotations, [key]: value });

/** What no row lets pass: an object that was not read, or is not the one that was proposed; parameters nobody knows. */
export const EVERYWHERE: Refusal[] = [
  { when: 'it was not read', code: 'NotGrounded', spoil: itself((o) => void (o.metadata.name = 'other')) },
  { when: 'it was made anew', code: 'TargetReplaced', spoil: itself((o) => void (o.metadata.uid = 'another')) },
  ...['force', 'gracePeriodSeconds', 'ignorePDB', 'skipApproval', 'dryRun', 'patch', 'selector'].map((key): Refusal => ({ when: `${key} is given`, code: 'InvalidParams', params: () => ({ [key]: 0 }) })),
];

/** Names that are none, or of several. */
export const badNames = (key: string): Refusal[] =>
  ['', '*', 'Api', 'a,b', 'app=api', 'аpi', 'api ', 'a'.repeat(254), ['api', 'web']].map((name) => ({
    when: `${key} is ${JSON.stringify(name).slice(0, 20)}`, code: 'InvalidParams' as const, params: () => ({ [key]: name }),
  }));

export const missing = (key: string, code: 'InvalidParams' | 'NotGrounded' = 'InvalidParams'): Refusal => ({ when: `${key} is missing`, code, params: () => ({ [key]: undefined }) });
