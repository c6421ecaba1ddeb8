import type { LogLine, PodMemory } from './memory.js';

export interface LogOptions {
  previous: boolean;
  timestamps: boolean;
  tailLines?: number;
  limitBytes?: number;
  sinceMs?: number;
}

const numberOf = (text: string | null): number | undefined => (text === null || text === '' ? undefined : Number(text));

export function logOptionsOf(query: URLSearchParams, now: number): LogOptions {
  const seconds = numberOf(query.get('sinceSeconds'));
  const time = query.get('sinceTime');
  return {
    previous: query.get('previous') === 'true',
    timestamps: query.get('timestamps') === 'true',
    tailLines: numberOf(query.get('tailLines')),
    limitBytes: numberOf(query.get('limitBytes')),
    sinceMs: seconds === undefined ? (time ? Date.parse(time) : undefined) : now - seconds * 1000,
  };
}

export const lineText = (line: LogLine, timestamps: boolean): string =>
  `${timestamps ? `${new Date(line.atMs).toISOString()} ` : ''}${line.text}\n`;

/** The lines a kubelet would send; undefined when the container has no such life. */
export function linesOf(memory: PodMemory | undefined, container: string, options: LogOptions): LogLine[] | undefined {
  const known = memory?.containers[container];
  if (!known || known.creations === 0) return undefined;
  if (options.previous && known.creations < 2) return undefined;
  const all = options.previous ? known.previousLog : known.log;
  const recent = options.sinceMs === undefined ? all : all.filter((line) => line.atMs >= (options.sinceMs ?? 0));
  return options.tailLines === undefined ? recent : options.tailLines === 0 ? [] : recent.slice(-options.tailLines);
}
