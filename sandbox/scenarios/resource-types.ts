import { KubernautError } from '../../src/domain/errors.js';
import { KubeRequestError, type KubeClient } from '../simulator/kube-client.js';

/** One kind as API discovery describes it. */
export interface ResourceType {
  apiVersion: string;
  kind: string;
  plural: string;
  /** Lowercase words people use for it: kind, plural, singular, short names. */
  words: string[];
  isNamespaced: boolean;
  verbs: string[];
}

export interface ResourceTypes {
  /** One entry per kind: the group's preferred version. */
  all: readonly ResourceType[];
  byWord(word: string): ResourceType | undefined;
  byKind(apiVersion: string, kind: string): ResourceType | undefined;
}

interface ApiResource {
  name: string;
  singularName?: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
  shortNames?: string[];
}
interface ApiGroup {
  versions: { groupVersion: string }[];
  preferredVersion?: { groupVersion: string };
}

const baseOf = (apiVersion: string): string => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`);

export const collectionPathOf = (type: ResourceType, namespace?: string): string =>
  `${baseOf(type.apiVersion)}${type.isNamespaced && namespace ? `/namespaces/${namespace}` : ''}/${type.plural}`;

export const objectPathOf = (type: ResourceType, namespace: string | undefined, name: string): string => `${collectionPathOf(type, namespace)}/${name}`;

/** A group served by an extension server that is down just now has no kinds; the rest stands. */
async function typesOf(client: KubeClient, apiVersion: string): Promise<ResourceType[]> {
  try {
    const { resources } = await client.request<{ resources: ApiResource[] }>('GET', baseOf(apiVersion));
    return resources
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, singularName, kind, namespaced, verbs, shortNames }) => ({
        apiVersion,
        kind,
        plural: name,
        words: [...new Set([kind.toLowerCase(), name, singularName || kind.toLowerCase(), ...(shortNames ?? [])])],
        isNamespaced: namespaced,
        verbs,
      }));
  } catch (error) {
    if (error instanceof KubeRequestError && (error.status >= 500 || error.status === 404)) return [];
    throw error;
  }
}

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.split('/')[0]! : '');

/** Everything the API server serves, built-in and custom. */
export async function discoverTypes(client: KubeClient): Promise<ResourceTypes> {
  const { groups } = await client.request<{ groups: ApiGroup[] }>('GET', '/apis');
  const preferredFirst = groups.flatMap((g) => {
    const versions = g.versions.map((v) => v.groupVersion);
    const preferred = g.preferredVersion?.groupVersion;
    return preferred ? [preferred, ...versions.filter((v) => v !== preferred)] : versions;
  });
  const served = (await Promise.all(['v1', ...preferredFirst].map((v) => typesOf(client, v)))).flat();
  const seen = new Set<string>();
  const all = served.filter((t) => {
    const key = `${groupOf(t.apiVersion)}/${t.kind}`;
    return !seen.has(key) && seen.add(key);
  });
  return {
    all,
    byWord: (word) => {
      const [name = '', ...group] = word.toLowerCase().split('.');
      return all.find((t) => t.words.includes(name) && (group.length === 0 || groupOf(t.apiVersion) === group.join('.')));
    },
    byKind: (apiVersion, kind) => served.find((t) => t.apiVersion === apiVersion && t.kind === kind),
  };
}

export const unknownKind = (what: string): KubernautError =>
  new KubernautError('NotFound', `the cluster serves no kind ${what}; check its spelling and apiVersion, or apply its CustomResourceDefinition first`);
