import type { Change, ExecChange } from '../domain/change.js';
import { KubernautError } from '../domain/errors.js';
import type { KubeObject } from '../domain/kube.js';
import type { ExecResult } from '../domain/ports.js';
import type { ExecuteContext } from './define.js';

/** What planning pinned for the moment before the dump and after it. */
export interface HeapPinned {
  container: string;
  restartCount: number;
  roomBytes: number;
  headroomBytes: number;
}

const LOOK_MS = 15_000;
const CHECKSUM_MS = 300_000;
/** Control groups, version 2: the only one of supported Kubernetes. */
const MEMORY = ['memory.max', 'memory.current', 'memory.stat'].map((file) => `/sys/fs/cgroup/${file}`);

/** Looks into the container first, unless a file of ours is there already; then the dump, once. */
export async function dumpHeap(changes: readonly Change[], context: ExecuteContext, pinned: HeapPinned): Promise<void> {
  const { cluster, actionId, isDryRun, signal } = context;
  for (const change of changes) {
    signal.throwIfAborted();
    if (change.op === 'exec' && !isDryRun && !(await isThere(change, context))) {
      checkRestarts(change, context, pinned);
      await checkDisk(change, context, pinned);
      await checkMemory(change, context, pinned);
    }
    await cluster.apply(change, { actionId, isDryRun });
  }
}

/** Size and checksum, of what lies there: the file itself is never read. */
export async function witnessDump(changes: readonly Change[], context: ExecuteContext): Promise<string> {
  const change = changes.find((c) => c.op === 'exec');
  if (change?.op !== 'exec') return '';
  const size = await run(change, context, ['stat', '-c', '%s', change.file]);
  const sum = await run(change, context, ['sha256sum', change.file], CHECKSUM_MS);
  const [checksum] = /^[0-9a-f]{64}(?=\s)/.exec(sum.stdout) ?? [];
  if (size.exitCode !== 0 || !(Number(size.stdout) > 0) || !checksum) {
    throw new KubernautError('ConvergeFailed', `${at(change)}: ${change.file} cannot be verified (stat ended with ${size.exitCode}, sha256sum with ${sum.exitCode}); look at it by hand`);
  }
  return `${change.file}: ${size.stdout.trim()} bytes, sha256 ${checksum}`;
}

export function restartsOf(pod: KubeObject | undefined, container: string): number | undefined {
  const statuses: { name: string; restartCount?: number }[] = pod?.status?.containerStatuses ?? [];
  return statuses.find((s) => s.name === container)?.restartCount;
}

const mebibytes = (bytes: number): string => `${String(Math.round(bytes / (1024 * 1024)))}Mi`;

const at = ({ container, ref }: ExecChange): string => `container ${container} of pod ${ref.namespace}/${ref.name}`;

const run = ({ ref, uid, container }: ExecChange, { cluster, actionId }: ExecuteContext, argv: string[], timeoutMs = LOOK_MS): Promise<ExecResult> =>
  cluster.exec({ namespace: ref.namespace ?? '', name: ref.name, uid }, { container, argv, timeoutMs, actionId });

async function isThere(change: ExecChange, context: ExecuteContext): Promise<boolean> {
  const { exitCode, stderr } = await run(change, context, ['stat', '-c', '%s', change.file]);
  if (exitCode === 127) throw new KubernautError('Unsupported', `${at(change)} has no stat (${stderr.slice(0, 100)}); its image cannot be looked into`);
  return exitCode === 0;
}

function checkRestarts(change: ExecChange, { cluster }: ExecuteContext, { restartCount }: HeapPinned): void {
  const now = restartsOf(cluster.world().byUid(change.uid), change.container);
  if (now !== undefined && now !== restartCount) {
    throw new KubernautError('PreconditionChanged', `${at(change)} was restarted since the plan, the heap that was to be dumped is gone; plan again`);
  }
}

/** `df -P`: one line per file system, the fourth column is what is free. */
async function checkDisk(change: ExecChange, context: ExecuteContext, { roomBytes }: HeapPinned): Promise<void> {
  const dir = change.file.slice(0, change.file.lastIndexOf('/'));
  const { exitCode, stdout } = await run(change, context, ['df', '-P', '-k', dir]);
  const [, free] = /\s\d+\s+\d+\s+(\d+)\s+\d+%\s/.exec(stdout) ?? [];
  if (exitCode !== 0 || free === undefined) throw new KubernautError('PreconditionChanged', `${at(change)}: how much is free at ${dir} cannot be read (df ended with ${exitCode}); correct the declared folder`);
  if (Number(free) * 1024 < roomBytes) {
    throw new KubernautError('PreconditionChanged', `${at(change)}: ${mebibytes(Number(free) * 1024)} are free at ${dir}, a dump may need ${mebibytes(roomBytes)}; make room first`);
  }
}

/** What the container may still take, file cache that can be dropped aside. Without a limit the node decides. */
async function checkMemory(change: ExecChange, context: ExecuteContext, { headroomBytes }: HeapPinned): Promise<void> {
  const { exitCode, stdout } = await run(change, context, ['cat', ...MEMORY]);
  const [max, current] = stdout.split('\n');
  if (exitCode === 0 && max === 'max') return;
  const [, inactive = '0'] = /^inactive_file (\d+)$/m.exec(stdout) ?? [];
  const left = Number(max) - (Number(current) - Number(inactive));
  if (exitCode !== 0 || Number.isNaN(left)) throw new KubernautError('PreconditionChanged', `${at(change)}: its memory cannot be read (cat ended with ${exitCode}); a person must decide`);
  if (left < headroomBytes) {
    throw new KubernautError('PreconditionChanged', `${at(change)} has ${mebibytes(Math.max(0, left))} of memory left, the dump needs ${mebibytes(headroomBytes)}; raise its limit first`);
  }
}
