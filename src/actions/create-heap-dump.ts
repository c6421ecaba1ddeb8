import { Type } from '@sinclair/typebox';
import type { ExecChange } from '../domain/change.js';
import { refOf } from '../domain/kube.js';
import { defineAction } from './define.js';
import { checkDumpAllowed, checkLastDump, checkNodeMemory, checkPause } from './heap-checks.js';
import { HEAP, heapDeclarationOf } from './heap-declaration.js';
import { dumpHeap, restartsOf, witnessDump, type HeapPinned } from './heap-run.js';
import { durationLimit } from './limits.js';
import { Name, Namespace } from './parameters.js';
import { isFinished, nameOfPod } from './pod.js';
import { refuse } from './workload.js';

const DUMP_S = 600;
const WEEK_MS = 7 * 24 * 3_600_000;

/**
 * Off unless the policy says `enabled: true`. The owner declares runtime and folder in annotations of the template
 * (heap-declaration.ts); the program is fixed per runtime (heap-runtimes.ts) and writes `kb-<hash>`. The file holds every secret
 * of the process: it stays on the pod's volume, is never read, and is removed after the policy's `ttl` (default 24h, at most a week).
 * Policy `expectedPause` (default 30s): how long the process may stand still.
 */
export const createHeapDump = defineAction({
  id: 'create_heap_dump',
  summary: 'Let a JVM or .NET process write its heap to a file on a volume that its owner declared; off by default.',
  tier: 3,
  targets: ['Pod'],
  params: Type.Object({ namespace: Namespace, pod: Name }, { additionalProperties: false }),
  targetOf: ({ namespace, pod }) => ({ apiVersion: 'v1', kind: 'Pod', namespace, name: pod }),
  locate: ({ namespace = '', name }) => ({ namespace, pod: name }),
  // a WebSocket begins with a GET; since 1.35 the API server asks for create as well
  permissions: [{ group: '', resource: 'pods', subresource: 'exec', verbs: ['get', 'create'], scope: 'namespace' }],
  undo: 'exact',
  // it helps people to see; nobody expects the trouble to end by it
  isContainment: true,
  timeoutS: 1200,
  example: { namespace: 'shop', pod: 'api-7d9c5b8f6-x2x4z' },

  applies(object, { limits }) {
    if (limits.enabled !== true) return 'heap dumps are off by default (policy actions.create_heap_dump.enabled)';
    return object.metadata.annotations?.[HEAP.runtime] === undefined ? `its owner declared no heap dump (annotation ${HEAP.runtime})` : true;
  },

  plan(object, params, facts) {
    checkDumpAllowed(object, facts);
    const { runtime, container, dir, diesWithPod, roomBytes } = heapDeclarationOf(object);
    const restartCount = restartsOf(object, container.name);
    if (isFinished(object) || restartCount === undefined) refuse('PreconditionChanged', `${nameOfPod(object)}: container ${container.name} is not running; choose another pod`);
    checkPause(object, container, facts);
    checkNodeMemory(object, facts);
    checkLastDump(object, facts);
    const file = `${dir}/kb-${facts.action.hash}.${runtime.extension}`;
    const change: ExecChange = {
      op: 'exec', ref: refOf(object), uid: object.metadata.uid!, container: container.name,
      argv: runtime.dump(file), inverse: ['rm', '-f', '--', file], file, isThere: true, timeoutS: DUMP_S, diesWithPod,
    };
    const pinned: HeapPinned = { container: container.name, restartCount: restartCount ?? 0, roomBytes, headroomBytes: runtime.headroomBytes };
    return {
      changes: [change],
      summary: `dump the heap of container ${container.name} of ${nameOfPod(object)} to ${file}`,
      parameters: { ...params, ...pinned },
      expiresInS: Math.min(WEEK_MS, durationLimit(facts.limits, 'ttl', '24h')) / 1000,
    };
  },

  execute: (changes, context, params) => dumpHeap(changes, context, params as object as HeapPinned),

  verify(world, params, { uid = '', name }) {
    const { container, restartCount } = params as object as HeapPinned;
    const pod = world.byUid(uid);
    if (!pod) return { state: 'failed', detail: `pod ${name} is gone` };
    const now = restartsOf(pod, container);
    return now === restartCount ? { state: 'reached', detail: `${container} was not restarted` } : { state: 'failed', detail: `${container} was restarted while it was dumped` };
  },

  observe: (changes, context) => witnessDump(changes, context),
});
