import { createHash } from 'node:crypto';
import type { ImageEntry } from '../images.js';
import { memoryLimitOf } from './container-faults.js';
import type { Container } from './kube-types.js';

/** A file that a command wrote: it grows evenly from its beginning until it is whole. */
export interface SimulatedFile {
  bytes: number;
  fromMs: number;
  wholeMs: number;
}

/** What one command looks at. Nothing real runs: a handful of programs is answered from these. */
export interface Inside {
  container: Container;
  image: ImageEntry;
  /** Files of the pod's volumes by path. */
  files: Map<string, SimulatedFile>;
  now: number;
}

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** When it ends; by default at once. */
  endsMs?: number;
  /** It takes the container with it, at that moment. */
  killsAtMs?: number;
}

type Program = (args: string[], inside: Inside) => CommandResult;

const MIB = 1024 * 1024;
const defaultFreeBytes = 10 * 1024 * MIB;
const defaultHeapBytes = 64 * MIB;

const ok = (stdout = ''): CommandResult => ({ exitCode: 0, stdout, stderr: '' });
const no = (stderr: string, exitCode = 1): CommandResult => ({ exitCode, stdout: '', stderr: `${stderr}\n` });

function sizeOf({ bytes, fromMs, wholeMs }: SimulatedFile, now: number): number {
  const share = wholeMs <= fromMs ? 1 : Math.min(1, Math.max(0, (now - fromMs) / (wholeMs - fromMs)));
  return Math.round(bytes * share);
}

const usedBytes = ({ files, now }: Inside): number => [...files.values()].reduce((sum, file) => sum + sizeOf(file, now), 0);
const freeBytes = (inside: Inside): number => Math.max(0, (inside.image.exec?.freeBytes ?? defaultFreeBytes) - usedBytes(inside));

function mountOf({ container }: Inside, path: string): string {
  const mounts = (container.volumeMounts ?? []).map((mount) => mount.mountPath).filter((at) => path === at || path.startsWith(`${at}/`));
  return mounts.sort((a, b) => b.length - a.length)[0] ?? '/';
}

const stat: Program = ([, , path = ''], inside) => {
  const file = inside.files.get(path);
  return file ? ok(`${String(sizeOf(file, inside.now))}\n`) : no(`stat: cannot statx '${path}': No such file or directory`);
};

const df: Program = (args, inside) => {
  const path = args.at(-1) ?? '/';
  const free = Math.floor(freeBytes(inside) / 1024);
  const used = Math.ceil(usedBytes(inside) / 1024);
  const percent = Math.ceil((used / Math.max(1, used + free)) * 100);
  return ok(`Filesystem     1024-blocks      Used Available Capacity Mounted on\n/dev/sandbox ${String(used + free)} ${String(used)} ${String(free)} ${String(percent)}% ${mountOf(inside, path)}\n`);
};

const sha256sum: Program = ([path = ''], inside) => {
  const file = inside.files.get(path);
  if (!file) return no(`sha256sum: ${path}: No such file or directory`);
  return ok(`${createHash('sha256').update(`${path}/${String(sizeOf(file, inside.now))}`).digest('hex')}  ${path}\n`);
};

const rm: Program = (args, { files }) => {
  for (const path of args.filter((arg) => arg.startsWith('/'))) files.delete(path);
  return ok();
};

/** The files of a control group, version 2. */
const cat: Program = (paths, { container, image }) => {
  const limit = memoryLimitOf(container);
  const answers: Record<string, string> = {
    '/sys/fs/cgroup/memory.max': Number.isFinite(limit) ? String(limit) : 'max',
    '/sys/fs/cgroup/memory.current': String(image.memoryBytes ?? 16 * MIB),
    '/sys/fs/cgroup/memory.stat': 'anon 8388608\nfile 0\ninactive_file 0',
  };
  const unknown = paths.find((path) => answers[path] === undefined);
  return unknown === undefined ? ok(paths.map((path) => `${answers[path] ?? ''}\n`).join('')) : no(`cat: ${unknown}: No such file or directory`);
};

/** Refuses a name that exists, fills the disk when there is no room, and may take its container with it half-way. */
function dump(path: string, inside: Inside, said: string): CommandResult {
  const { files, image, now } = inside;
  if (files.has(path)) return no(`Dumping heap to ${path} ...\nFile exists`);
  const bytes = image.exec?.heapBytes ?? defaultHeapBytes;
  const wholeMs = now + (image.exec?.takesMs ?? 300);
  const room = freeBytes(inside);
  if (room < bytes) {
    files.set(path, { bytes: room, fromMs: now, wholeMs: now });
    return no(`Dumping heap to ${path} ...\nNo space left on device`);
  }
  if (!image.exec?.kills) {
    files.set(path, { bytes, fromMs: now, wholeMs });
    return { ...ok(said), endsMs: wholeMs };
  }
  const killsAtMs = now + (wholeMs - now) / 2;
  files.set(path, { bytes: bytes / 2, fromMs: now, wholeMs: killsAtMs });
  return { ...no('', 137), endsMs: killsAtMs, killsAtMs };
}

const PROGRAMS: Record<string, Program> = {
  stat,
  df,
  sha256sum,
  rm,
  cat,
  jcmd: ([pid, what, path = ''], inside) => (what === 'GC.heap_dump' ? dump(path, inside, `${pid ?? ''}:\nDumping heap to ${path} ...\nHeap dump file created\n`) : no(`java.lang.IllegalArgumentException: Unknown diagnostic command`)),
  'dotnet-gcdump': (args, inside) => dump(args.at(-1) ?? '', inside, `Writing gcdump to '${args.at(-1) ?? ''}'...\n\tFinished writing\n`),
};

/** Undefined: this container has no such program. */
export function runCommand([name = '', ...args]: string[], inside: Inside): CommandResult | undefined {
  const program = inside.image.exec?.missing.includes(name) ? undefined : PROGRAMS[name];
  return program?.(args, inside);
}
