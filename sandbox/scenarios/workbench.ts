import { setTimeout as sleep } from 'node:timers/promises';
import { KubernautError } from '../../src/domain/errors.js';
import type { KubeObject } from '../../src/domain/kube.js';
import { KubeRequestError, tolerating, type KubeClient } from '../simulator/kube-client.js';
import { matchesName, parseObjectName, type ObjectName } from './object-name.js';
import { replacementOf } from './replacement.js';
import { steadyClientOf } from './steady-client.js';
import { collectionPathOf, discoverTypes, objectPathOf, unknownKind, type ResourceType, type ResourceTypes } from './resource-types.js';

export type PatchKind = 'strategic' | 'merge' | 'json';

/** What a person with kubectl could do to one cluster, any kind. All methods throw KubeRequestError. */
export interface Workbench {
  readonly client: KubeClient;
  types(): ResourceTypes;
  name(text: string, own: { file: string; explicit?: string }): ObjectName;
  get(name: ObjectName): Promise<KubeObject | undefined>;
  list(type: ResourceType, namespace?: string): Promise<KubeObject[]>;
  /** Creates, or replaces as `kubectl apply` would leave it. `isNew` tells which. */
  apply(object: KubeObject, defaultNamespace: string): Promise<{ name: ObjectName; isNew: boolean; before?: KubeObject }>;
  patch(name: ObjectName, kind: PatchKind, body: unknown, subresource?: string): Promise<void>;
  /** Waits until it is gone, at most ten seconds. Absent is fine. */
  remove(name: ObjectName): Promise<void>;
  typeOf(object: { apiVersion: string; kind: string }): Promise<ResourceType>;
}

/** Writes look like a person's kubectl, so that nothing takes the runner for a GitOps controller that owns fields. */
const MANAGER = 'fieldManager=kubectl-edit';
const GONE_WITHIN_MS = 10_000;
const RETRY_FOR_MS = 10_000;
const MAY_PASS = new Set([0, 403, 404, 500, 503]);

export async function openWorkbench(given: KubeClient): Promise<Workbench> {
  const client = steadyClientOf(given);
  let types = await discoverTypes(client);
  const typeOf = async ({ apiVersion, kind }: { apiVersion: string; kind: string }): Promise<ResourceType> => {
    const known = types.byKind(apiVersion, kind);
    if (known) return known;
    // A CustomResourceDefinition of the same file is served a moment after it was created.
    const found = await until(RETRY_FOR_MS, async () => (types = await discoverTypes(client)).byKind(apiVersion, kind));
    if (!found) throw unknownKind(`${kind} in ${apiVersion}`);
    return found;
  };
  const get = (name: ObjectName) => readOne(client, name);
  return {
    client,
    types: () => types,
    typeOf,
    name: (text, own) => parseObjectName(text, types, own),
    get,
    list: (type, namespace) => listOf(client, type, namespace),
    apply: async (object, defaultNamespace) => {
      const type = await typeOf(object);
      const namespace = type.isNamespaced ? (object.metadata.namespace ?? defaultNamespace) : undefined;
      const name: ObjectName = { type, name: object.metadata.name, ...(namespace ? { namespace } : {}) };
      return applyOne(client, name, { ...object, metadata: { ...object.metadata, ...(namespace ? { namespace } : {}) } });
    },
    patch: async (name, kind, body, subresource) => {
      await client.request(kind, `${pathOf(name)}${subresource ? `/${subresource}` : ''}?${MANAGER}`, body);
    },
    remove: (name) => removeOne(client, name),
  };
}

const pathOf = ({ type, namespace, name }: ObjectName): string => objectPathOf(type, namespace, name);

async function until<T>(ms: number, look: () => Promise<T | undefined>, everyMs = 200): Promise<T | undefined> {
  for (const end = Date.now() + ms; ; await sleep(everyMs)) {
    const found = await look();
    if (found !== undefined || Date.now() > end) return found;
  }
}

async function readOne(client: KubeClient, name: ObjectName): Promise<KubeObject | undefined> {
  if (!name.name.endsWith('*')) return tolerating([404], client.request<KubeObject>('GET', pathOf(name)));
  const objects = await listOf(client, name.type, name.namespace);
  return objects.find((o) => matchesName(name.name, o.metadata.name));
}

async function listOf(client: KubeClient, type: ResourceType, namespace?: string): Promise<KubeObject[]> {
  const { items } = await client.request<{ items?: KubeObject[] }>('GET', collectionPathOf(type, namespace));
  // Items of a list carry no apiVersion and kind of their own.
  return (items ?? []).map((item) => ({ ...item, apiVersion: type.apiVersion, kind: type.kind }));
}

async function applyOne(client: KubeClient, name: ObjectName, object: KubeObject) {
  const before = await readOne(client, name);
  if (before) {
    await replace(client, name, object, before);
    return { name, isNew: false, before };
  }
  await create(client, name, object);
  return { name, isNew: true };
}

/** A fresh namespace refuses pods until its service account exists, and quota objects until they were counted. */
async function create(client: KubeClient, name: ObjectName, object: KubeObject): Promise<void> {
  const path = `${collectionPathOf(name.type, name.namespace)}?${MANAGER}`;
  let status = -1;
  for (const end = Date.now() + RETRY_FOR_MS; ; await sleep(200)) {
    try {
      await client.request('POST', path, object);
      break;
    } catch (error) {
      const before = status;
      status = error instanceof KubeRequestError ? error.status : -1;
      // Our own first try, whose answer was lost on the way.
      if (status === 409 && before === 0) break;
      if (!MAY_PASS.has(status) || Date.now() > end) throw error;
    }
  }
  // A node keeps the status it is created with; every other kind takes it through its own door.
  if (object.status !== undefined && object.kind !== 'Node') {
    await tolerating([404, 405], client.request('merge', `${pathOf(name)}/status?${MANAGER}`, { status: object.status as unknown }));
  }
}

async function replace(client: KubeClient, name: ObjectName, object: KubeObject, first: KubeObject): Promise<void> {
  for (let before: KubeObject | undefined = first, tries = 0; before; tries += 1) {
    try {
      await client.request('PUT', `${pathOf(name)}?${MANAGER}`, replacementOf(object, before));
      return;
    } catch (error) {
      if (!(error instanceof KubeRequestError) || error.status !== 409 || tries >= 10) throw error;
      before = await readOne(client, name);
    }
  }
  throw new KubernautError('TargetNotFound', `${object.kind} ${name.name} vanished while it was being applied`);
}

async function removeOne(client: KubeClient, name: ObjectName): Promise<void> {
  const before = await readOne(client, name);
  if (!before) return;
  const exact = { ...name, name: before.metadata.name };
  await tolerating([404, 409], client.request('DELETE', `${pathOf(exact)}?propagationPolicy=Background`));
  await until(GONE_WITHIN_MS, async () => {
    const now = await readOne(client, exact);
    return now === undefined || now.metadata.uid !== before.metadata.uid ? true : undefined;
  });
}
