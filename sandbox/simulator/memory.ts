import type { Terminated } from './kube-types.js';
import type { VolumeContent } from './volumes.js';

export interface LogLine {
  atMs: number;
  text: string;
}

/** One life of a container: what it was started with stays, whatever happens to the sources afterwards. */
export interface Run {
  id: string;
  startedMs: number;
  env: Record<string, string>;
  /** Content behind subPath mounts, by path in the container. */
  frozen: Record<string, string>;
  isReady: boolean;
  hasAnnouncedStart: boolean;
  /** Since when the probes, or the dependencies, have been failing without a break. */
  livenessFailingSinceMs?: number;
  startupFailingSinceMs?: number;
  unreadySinceMs?: number;
  oomSinceMs?: number;
  /** A command that ran inside brought it to its end. */
  killedAtMs?: number;
  /** The last complaint written to the log, to write it once and again only now and then. */
  complaint?: { text: string; atMs: number };
}

export type Stage = 'new' | 'pull_failed' | 'pull_backoff' | 'creating' | 'config_error' | 'running' | 'crashed' | 'crash_backoff' | 'done';

/**
 * What a kubelet remembers of a container.
 *
 *   new → pull_failed ⇄ pull_backoff
 *     ↘ creating (volumes) / config_error → running → crashed → crash_backoff → running …
 *                                                        ↘ done
 */
export interface ContainerMemory {
  stage: Stage;
  sinceMs: number;
  image: string;
  isPulled: boolean;
  pullFailures: number;
  /** Crashes in a row: drives the back-off. */
  crashes: number;
  /** Times a container was created; restartCount is one less. */
  creations: number;
  problem?: string;
  run?: Run;
  exited?: Terminated;
  last?: Terminated;
  log: LogLine[];
  previousLog: LogLine[];
}

export interface PodMemory {
  containers: Record<string, ContainerMemory>;
  volumes: Record<string, VolumeContent>;
  podIP?: string;
  startTime?: string;
  mountProblem?: { text: string; nextEventMs: number };
}

export interface PodEvent {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  /** Name of the container it is about; absent = the pod. */
  container?: string;
  isInit?: boolean;
}

export const newContainer = (image: string, now: number): ContainerMemory => ({
  stage: 'new',
  sinceMs: now,
  image,
  isPulled: false,
  pullFailures: 0,
  crashes: 0,
  creations: 0,
  log: [],
  previousLog: [],
});

const keptLines = 500;

/** Adds lines, keeping the newest few hundred. */
export const withLines = (log: LogLine[], atMs: number, ...texts: string[]): LogLine[] =>
  texts.length === 0 ? log : [...log, ...texts.flatMap((text) => text.split('\n')).map((text) => ({ atMs, text }))].slice(-keptLines);

/** RFC 3339 with whole seconds, as the API stores times of pods. */
export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
