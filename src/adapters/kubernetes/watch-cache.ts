import { ListWatch, type KubeConfig, type KubernetesListObject, type KubernetesObject } from '@kubernetes/client-node';
import { KubernautError } from '../../domain/errors.js';
import type { KubeObject, World } from '../../domain/kube.js';
import { ApiError, type Connection } from './connection.js';
import { KINDS, PAUSE_SWITCH, scopeOf, type Kind } from './kinds.js';
import { listPages } from './list-pages.js';
import { objectIndex, type ObjectIndex } from './object-index.js';
import { slim } from './slim.js';
import { watchStream } from './watch-stream.js';

/** A kind we may not or cannot watch. */
export interface Gap {
  kind: string;
  why: string;
}

export interface WatchCache {
  readonly index: ObjectIndex;
  /** Every watched kind is in step with the server right now. */
  isLive(): boolean;
  gaps(): Gap[];
  /** Optional kinds that are served, `<group>/<version>/<Kind>`. */
  apis(): string[];
  /** Called after changes, at most once per turn of the event loop. Returns the unsubscription. */
  subscribe(listener: (world: World) => void): () => void;
  close(): Promise<void>;
}

export interface WatchCacheOptions {
  config: KubeConfig;
  connection: Connection;
  userAgent: string;
  exclude: readonly string[];
  syncTimeoutMs: number;
  /** Delay before a broken watch is opened again; doubles up to `maxRetryDelayMs`. */
  retryDelayMs: number;
  maxRetryDelayMs: number;
  /** Told of every object that another version of it takes the place of, or nothing does (`after` absent). Must not throw. */
  onReplaced?: (before: KubeObject, after: KubeObject | undefined) => void;
}

const GAP_RETRY_MS = 60_000;

/** Not installed, which is no gap in what we see. One that we may not read is. */
const isAbsent = (w: KindWatch): boolean => w.kind.isOptional && w.status === 404;

interface KindWatch {
  kind: Kind;
  state: 'syncing' | 'live' | 'broken' | 'gap';
  why: string;
  /** HTTP status of the refusal that made it a gap. */
  status?: number;
  stop(): Promise<void>;
}

/** Lists, then follows, every cached kind. Resolves when all are in step; rejects with K8sUnavailable when that takes too long. */
export async function openWatchCache(options: WatchCacheOptions): Promise<WatchCache> {
  const index = objectIndex();
  const changes = changeBell(() => index);
  const kinds = [...KINDS.filter((k) => k.isCached && !options.exclude.includes(k.kind)), PAUSE_SWITCH];
  const settled = new Set<string>();
  let onAllSettled = () => {};
  const watches = kinds.map((kind) =>
    followKind(kind, index, changes.ring, options, () => {
      settled.add(kind.kind);
      if (settled.size === kinds.length) onAllSettled();
    }),
  );
  const close = async () => {
    changes.close();
    await Promise.all(watches.map((w) => w.stop()));
  };

  const isInTime = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), options.syncTimeoutMs);
    onAllSettled = () => (clearTimeout(timer), resolve(true));
    if (settled.size === kinds.length) onAllSettled();
  });
  if (!isInTime) {
    await close();
    const late = watches.find((w) => !settled.has(w.kind.kind));
    throw new KubernautError('K8sUnavailable', `the API server did not list ${late?.kind.plural ?? 'its objects'} within ${options.syncTimeoutMs / 1000} s (${late?.why || 'no answer'}); check the address in the kubeconfig`);
  }
  return {
    index,
    isLive: () => watches.every((w) => w.state === 'live' || w.state === 'gap'),
    gaps: () => watches.filter((w) => w.state === 'gap' && !isAbsent(w)).map((w) => ({ kind: w.kind.kind, why: w.why })),
    apis: () => watches.filter((w) => w.kind.isOptional && w.kind.only === undefined && w.state === 'live').map((w) => `${w.kind.apiVersion}/${w.kind.kind}`),
    subscribe: changes.subscribe,
    close,
  };
}

function followKind(kind: Kind, index: ObjectIndex, onChange: () => void, options: WatchCacheOptions, onSettled: () => void): KindWatch {
  const self: KindWatch = { kind, state: 'syncing', why: '', stop };
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let delayMs = options.retryDelayMs;

  const stream = watchStream(options.config, {
    userAgent: options.userAgent,
    onOpening: () => options.connection.count('watch'),
    onOpen: () => {
      self.state = 'live';
      self.why = '';
      delayMs = options.retryDelayMs;
      onSettled();
    },
    onObject: (o) => void slim(o as KubeObject),
  });
  const { path, fieldSelector } = scopeOf(kind);
  const list = async () => (await listPages(options.connection, kind, slim)) as unknown as KubernetesListObject<KubernetesObject>;
  const informer = new ListWatch<KubernetesObject>(path, stream.watch, list, false, undefined, fieldSelector);
  const known = ({ kind: of, metadata: m }: KubeObject) => (options.onReplaced ? index.get(of, m.namespace, m.name) : undefined);
  const put = (o: KubernetesObject) => {
    const before = known(o as unknown as KubeObject);
    index.put(o as unknown as KubeObject);
    if (before) options.onReplaced?.(before, o as unknown as KubeObject);
    onChange();
  };
  informer.on('add', put);
  informer.on('update', put);
  informer.on('delete', (o) => {
    const before = known(o as unknown as KubeObject);
    index.remove(o as unknown as KubeObject);
    if (before) options.onReplaced?.(before, undefined);
    onChange();
  });
  informer.on('error', (error: unknown) => {
    const isRefused = isRefusal(error);
    self.state = isRefused ? 'gap' : 'broken';
    self.status = statusOf(error);
    self.why = whyOf(error);
    if (isRefused) onSettled();
    if (isStopped) return;
    timer = setTimeout(start, isRefused ? GAP_RETRY_MS : delayMs);
    delayMs = Math.min(delayMs * 2, options.maxRetryDelayMs);
  });

  function start(): void {
    // ListWatch reports what it expects through 'error'; a throw here would be a bug and must not end the process unseen
    informer.start().catch((error: unknown) => {
      self.state = 'broken';
      self.why = whyOf(error);
      if (!isStopped) timer = setTimeout(start, delayMs);
    });
  }

  async function stop(): Promise<void> {
    isStopped = true;
    clearTimeout(timer);
    stream.close();
    await informer.stop();
  }

  start();
  return self;
}

/** Forbidden or not served: not fatal, asked again now and then in case somebody grants or installs it. */
const statusOf = (error: unknown): number => (error as { statusCode?: number }).statusCode ?? 0;
const isRefusal = (error: unknown): boolean => [401, 403, 404, 405].includes(statusOf(error));

const whyOf = (error: unknown): string => {
  const said = error instanceof ApiError || error instanceof Error ? error.message : String(error);
  return said.slice(0, 200);
};

/** Many changes arrive in one read of a socket; listeners run once for all of them. */
function changeBell(world: () => World) {
  const listeners = new Set<(world: World) => void>();
  let pending: NodeJS.Immediate | undefined;
  return {
    ring: () => {
      if (listeners.size === 0) return;
      pending ??= setImmediate(() => {
        pending = undefined;
        for (const listener of [...listeners]) listener(world());
      });
    },
    subscribe(listener: (world: World) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => {
      if (pending) clearImmediate(pending);
      listeners.clear();
    },
  };
}
