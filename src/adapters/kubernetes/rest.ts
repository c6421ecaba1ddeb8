import { KubernautError } from '../../domain/errors.js';
import type { KubeObject, ObjectRef } from '../../domain/kube.js';
import { describeTarget } from '../../domain/target.js';
import { ApiError, type ApiRequest, type Connection, type Verb } from './connection.js';
import { toKubernautError, type Attempt } from './errors.js';
import { apiRoot, builtinKind, collectionPath, type Kind } from './kinds.js';

const READS: readonly Verb[] = ['get', 'list', 'watch'];

/** Objects by reference instead of by path; errors in our codes. */
export interface Rest {
  /** Live GET; undefined on 404. `subresource` reads e.g. the scale. */
  read(ref: ObjectRef, subresource?: string): Promise<KubeObject | undefined>;
  pathOf(ref: ObjectRef): Promise<string>;
  collectionOf(ref: ObjectRef): Promise<string>;
  /** Sends and translates refusals; `raw` errors are for those who look at the status first. */
  send(request: ApiRequest, attempt: Omit<Attempt, 'verb'>): Promise<unknown>;
}

/**
 * `writes` is another identity's connection, where reading and writing are apart (actions.md 3.1): everything that is not a read
 * goes through it, and subresources are read through it, since who may change a scale may look at it.
 */
export function restOver(connection: Connection, writes: Connection = connection): Rest {
  const discovered = new Map<string, Promise<Map<string, Kind>>>();

  async function send(request: ApiRequest, attempt: Omit<Attempt, 'verb'>): Promise<unknown> {
    try {
      return await (READS.includes(request.verb) ? connection : writes).request(request);
    } catch (error) {
      throw toKubernautError(error, { ...attempt, verb: request.verb });
    }
  }

  /** One request per group version, once; a failed answer is not kept. */
  function discover(apiVersion: string): Promise<Map<string, Kind>> {
    let kinds = discovered.get(apiVersion);
    if (!kinds) {
      kinds = send({ verb: 'get', path: apiRoot(apiVersion) }, { about: `API ${apiVersion}` }).then((list) => kindsIn(apiVersion, list));
      kinds.catch(() => discovered.delete(apiVersion));
      discovered.set(apiVersion, kinds);
    }
    return kinds;
  }

  async function kindOf(ref: ObjectRef): Promise<Kind> {
    const kind = builtinKind(ref.apiVersion, ref.kind) ?? (await discover(ref.apiVersion)).get(ref.kind);
    if (!kind) throw new KubernautError('Unsupported', `${describeTarget(ref)}: this cluster does not serve ${ref.apiVersion} ${ref.kind}; choose another action`);
    if (kind.isNamespaced && !ref.namespace) throw new KubernautError('InvalidParams', `${describeTarget(ref)}: a ${ref.kind} needs a namespace`);
    return kind;
  }

  const collectionOf = async (ref: ObjectRef) => collectionPath(await kindOf(ref), ref.namespace);
  const pathOf = async (ref: ObjectRef) => `${await collectionOf(ref)}/${encodeURIComponent(ref.name)}`;

  return {
    send,
    pathOf,
    collectionOf,
    async read(ref, subresource) {
      const path = (await pathOf(ref)) + (subresource ? `/${subresource}` : '');
      try {
        return (await (subresource ? writes : connection).request({ verb: 'get', path })) as KubeObject;
      } catch (error) {
        if (error instanceof ApiError && error.statusCode === 404) return undefined;
        throw toKubernautError(error, { verb: 'get', about: describeTarget(ref) });
      }
    },
  };
}

function kindsIn(apiVersion: string, list: unknown): Map<string, Kind> {
  const resources = (list as { resources?: { name: string; kind: string; namespaced: boolean }[] }).resources ?? [];
  return new Map(
    resources
      .filter((r) => !r.name.includes('/'))
      .map((r) => [r.kind, { apiVersion, kind: r.kind, plural: r.name, isNamespaced: r.namespaced, isCached: false, isOptional: true }]),
  );
}
