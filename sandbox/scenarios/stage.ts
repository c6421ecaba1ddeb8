import { setTimeout as sleep } from 'node:timers/promises';
import { KubernautError } from '../../src/domain/errors.js';
import type { KubeObject } from '../../src/domain/kube.js';
import { tolerating } from '../simulator/kube-client.js';
import { awaitHealthy } from './health.js';
import { imageRowsOf, type ImageRows } from './images.js';
import type { LoadedScenario } from './load.js';
import { inOrder, parseManifests } from './manifests.js';
import type { ObjectName } from './object-name.js';
import { replacementOf } from './replacement.js';
import { objectPathOf } from './resource-types.js';
import type { Territory } from './territory.js';
import type { Workbench } from './workbench.js';

export const SCENARIO_LABEL = 'sandbox.kubernaut.io/scenario';
const TICKER_LABEL = 'sandbox.kubernaut.io/ticker';
const HEALTHY_WITHIN_MS = 120_000;
const NAMESPACE_GONE_WITHIN_MS = 90_000;

/** The part of the cluster one scenario plays on: everything it makes, and what it must put back. */
export interface Stage {
  readonly images: ImageRows;
  readonly territory: Territory;
  /** Namespaces, images, manifests; resolves when all of it is healthy. The ticker is silent here from the start. */
  build(signal: AbortSignal): Promise<void>;
  apply(object: KubeObject): Promise<void>;
  remember(name: ObjectName, before: KubeObject | undefined): void;
  /** Lets the ticker speak. */
  unsilence(): Promise<void>;
  /** Undoes everything; keeps going over failures and throws the first at the end. */
  clear(): Promise<void>;
}

export function stageOf(bench: Workbench, loaded: LoadedScenario, territory: Territory): Stage {
  const { scenario, namespace } = loaded;
  const images = imageRowsOf(bench.client, territory.namespaces);
  const created = new Set<string>();
  const silenced: ObjectName[] = [];
  const originals = new Map<string, Original>();
  const labels = { [SCENARIO_LABEL]: scenario.id.slice(0, 63), [TICKER_LABEL]: 'silent' };

  const silence = async (name: ObjectName): Promise<void> => {
    await bench.patch(name, 'merge', { metadata: { labels: { [TICKER_LABEL]: 'silent' } } });
    silenced.push(name);
  };
  const remember = (name: ObjectName, before: KubeObject | undefined): void => {
    // What lies in a namespace of ours goes with it.
    if (name.namespace !== undefined && created.has(name.namespace)) return;
    if (name.type.kind === 'Namespace' && created.has(name.name)) return;
    const key = `${name.type.kind}/${name.namespace ?? ''}/${name.name}`;
    if (!originals.has(key)) originals.set(key, { name, before });
  };
  const apply = async (object: KubeObject): Promise<void> => {
    const { name, before } = await bench.apply(object, namespace);
    remember(name, before);
    if (object.kind === 'Node' || (object.kind === 'Namespace' && !created.has(object.metadata.name))) await silence(name);
  };
  const openNamespace = async (name: string): Promise<void> => {
    const type = bench.types().byWord('namespace')!;
    if (await isOthers(bench, name, loaded)) return silence({ type, name });
    await bench.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }, namespace);
    created.add(name);
    silenced.push({ type, name });
  };

  return {
    images,
    territory,
    apply,
    remember,
    async build(signal) {
      for (const name of territory.namespaces) await openNamespace(name);
      await images.merge(scenario.images ?? []);
      const manifests = inOrder(parseManifests(scenario.before ?? '', `${loaded.file}, before`));
      for (const object of manifests) await apply(object);
      const names = await Promise.all(manifests.map((o) => nameOf(bench, o, namespace)));
      await awaitHealthy(bench, names, { timeoutMs: HEALTHY_WITHIN_MS, signal });
    },
    async unsilence() {
      for (const name of silenced) await tolerating([404], bench.patch(name, 'merge', { metadata: { labels: { [TICKER_LABEL]: null } } }));
    },
    clear: () =>
      allOf([
        // A pod on a node that is gone or dead is never confirmed dead: its namespace would wait for the pod collector.
        () => revive(bench, [...originals.values()]),
        () => Promise.all([...created].map((name) => removeNamespace(bench, name))),
        () => removeVolumes(bench, created),
        ...[...originals.values()].reverse().map((one) => () => restore(bench, one)),
        ...silenced.filter((n) => n.type.kind === 'Namespace' && !created.has(n.name)).map((n) => () => unlabel(bench, n)),
        () => images.remove(),
      ]),
  };
}

/** Is the namespace there and not a scenario's? One that an earlier run left behind is removed first. Throws Conflict for the file's own. */
async function isOthers(bench: Workbench, name: string, { namespace, file }: LoadedScenario): Promise<boolean> {
  const existing = await bench.get({ type: bench.types().byWord('namespace')!, name });
  if (!existing) return false;
  if (existing.metadata.labels?.[SCENARIO_LABEL] !== undefined) {
    await removeNamespace(bench, name);
    return false;
  }
  if (name !== namespace) return true;
  throw new KubernautError('Conflict', `namespace ${name} is there already and is not a scenario's; choose another name or "random" in ${file}`);
}

interface Original {
  name: ObjectName;
  /** Absent = it was not there. */
  before: KubeObject | undefined;
}

async function revive(bench: Workbench, originals: readonly Original[]): Promise<void> {
  for (const { name } of originals.filter((o) => o.name.type.kind === 'Node')) {
    await tolerating([404], bench.patch(name, 'merge', { metadata: { annotations: { 'sandbox.kubernaut.io/down': null } } }));
  }
}

const unlabel = async (bench: Workbench, name: ObjectName): Promise<void> => {
  await tolerating([404], bench.patch(name, 'merge', { metadata: { labels: { [TICKER_LABEL]: null } } }));
};

async function nameOf(bench: Workbench, o: KubeObject, namespace: string): Promise<ObjectName> {
  const type = await bench.typeOf(o);
  return { type, name: o.metadata.name, ...(type.isNamespaced ? { namespace: o.metadata.namespace ?? namespace } : {}) };
}

/** Every step is tried: a stuck object must not leave the rest behind. */
async function allOf(steps: (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

async function restore(bench: Workbench, { name, before }: Original): Promise<void> {
  if (!before) return bench.remove(name);
  const { resourceVersion: _version, uid: _uid, creationTimestamp: _created, managedFields: _managed, generation: _generation, ...metadata } = before.metadata;
  const original: KubeObject = { ...before, apiVersion: name.type.apiVersion, kind: name.type.kind, metadata };
  const now = await bench.get(name);
  if (!now) {
    await bench.apply(original, name.namespace ?? '');
    return;
  }
  // An exact copy, not an apply: labels and annotations that came since must go.
  const exact = { ...replacementOf(original, now), metadata: { ...metadata, uid: now.metadata.uid, resourceVersion: now.metadata.resourceVersion } };
  await tolerating([409], bench.client.request('PUT', objectPathOf(name.type, name.namespace, name.name), exact));
}

async function removeNamespace(bench: Workbench, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${name}`;
  await tolerating([404, 409], bench.client.request('DELETE', path));
  for (const end = Date.now() + NAMESPACE_GONE_WITHIN_MS; await tolerating([404], bench.client.request('GET', path)); await sleep(250)) {
    if (Date.now() > end) throw new KubernautError('ConvergeFailed', `namespace ${name} does not go away; look at its status.conditions`);
  }
}

/** Volumes outlive their claims when their class retains them. */
async function removeVolumes(bench: Workbench, namespaces: ReadonlySet<string>): Promise<void> {
  const type = bench.types().byWord('persistentvolume')!;
  const volumes = await bench.list(type);
  const ours = volumes.filter((v) => namespaces.has(String(v.spec?.claimRef?.namespace ?? '')));
  await Promise.all(ours.map((v) => bench.remove({ type, name: v.metadata.name })));
}
