import type { KubeObject } from '../domain/kube.js';

/** How far an instance was behind its primary when it was last said. */
export interface Lag {
  bytes: number;
  /** Undefined where the operator does not tell it in the cluster: its adapter asks right before the write. */
  seconds?: number;
}

/** One PostgreSQL of a cluster. */
export interface Instance {
  name: string;
  /** Undefined while there is none. */
  pod?: KubeObject;
  claims: KubeObject[];
  isReady: boolean;
  isFenced: boolean;
  /** The operator calls it healthy and, where it says so, streaming. */
  isHealthy: boolean;
  timeline?: number;
  /** Undefined where nothing says it. */
  lag?: Lag;
}

/** A replicated PostgreSQL, whoever leads it, as recorded objects show it. */
export interface DatabaseView {
  operator: 'cnpg' | 'patroni';
  /** `cluster shop/pg`, for messages. */
  at: string;
  instances: Instance[];
  /** How many its owner wants. */
  wanted: number;
  /** Undefined when nobody, or more than one, leads. */
  primary?: Instance;
  primaryTimeline?: number;
  /** Why nothing may be switched or rebuilt now: a switchover, a backup, an upgrade that runs. */
  busy?: string;
  /** Its operator has nothing left to do: every instance is there and well. */
  isSettled: boolean;
  /** The primary is on its way from one instance to another. */
  isMoving?: boolean;
  /** When the primary was last chosen; undefined where only the operator's own API knows. */
  chosenAt?: string;
  /** When the newest backup that is known to be good ended. */
  backupAt?: string;
}

/** Written by whatever verifies the owner's backups, on the Cluster or StatefulSet: when the newest good one ended. */
export const BACKUP_VERIFIED = 'kubernaut.io/backup-verified-at';

export const instanceOf = (view: DatabaseView, name: string): Instance | undefined => view.instances.find((i) => i.name === name);

export const replicasOf = (view: DatabaseView): Instance[] => view.instances.filter((i) => i.name !== view.primary?.name);

/** The newest of some times; what is no time does not count. */
export const newest = (times: readonly (string | undefined)[]): string | undefined =>
  times.filter((t): t is string => t !== undefined && !Number.isNaN(Date.parse(t))).sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1);

/** What an annotation holds as JSON; undefined when it holds none. */
export function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    return undefined;
  }
}

/** An annotation that should hold a JSON object. */
export function jsonOf(text: string | undefined): Record<string, unknown> {
  const value = parsed(text);
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export const numberIn = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);

export const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
