import type { Change, ExecChange } from '../../domain/change.js';
import type { KubeObject, ObjectRef, World } from '../../domain/kube.js';
import type { ApplyOptions, ChangeOutcome, DatabaseControl } from '../../domain/ports.js';
import { recordEvent, type Unmarked } from './action-event.js';
import type { Connection } from './connection.js';
import { execInPod } from './exec.js';
import type { Rest } from './rest.js';
import { freshOrThrow } from './stale-read.js';
import { userAgentOf, type Writer } from './write.js';
import { writeCall } from './write-call.js';
import { writeEdit } from './write-edit.js';
import { writeExec, type Run } from './write-exec.js';
import { writeCreation, writeDeletion, writeEviction, writeWithdrawal } from './write-once.js';
import { writeScale } from './write-scale.js';

export interface ApplyDeps {
  connection: Connection;
  rest: Rest;
  world: () => World;
  /** Patroni, where this process may talk to it. */
  databases?: DatabaseControl;
  version: string;
  /** Who we are in events: the pod's or host's name. */
  instance: string;
  now: () => string;
}

/** Execute of actions.md 1.1: re-read → uid → after/before → write once with uid + resourceVersion precondition. */
export async function applyChange(deps: ApplyDeps, change: Change, options: ApplyOptions): Promise<ChangeOutcome> {
  const userAgent = userAgentOf(deps.version, options.actionId);
  const subresource = change.op === 'scale' ? 'scale' : undefined;
  const writer: Writer = {
    rest: asking(deps.rest, options),
    options,
    userAgent,
    world: deps.world,
    async read(ref, isFresh) {
      const seen = cached(deps.world(), ref); // before the question: what changes meanwhile is no fault of the answer
      return (isFresh ? undefined : known(deps.world(), ref, change, options)) ?? freshOrThrow(await deps.rest.read(ref, subresource), seen, ref);
    },
  };
  const outcome = await write(writer, change, deps);
  const untraced = untracedOf(change);
  if (outcome.status === 'applied' && untraced) {
    await recordEvent(deps.connection, untraced, { actionId: options.actionId, userAgent, instance: deps.instance, now: deps.now() });
  }
  return outcome;
}

/** What leaves no object of ours behind that could carry our mark. */
const untracedOf = (change: Change): Unmarked | undefined => (change.op === 'create' || change.op === 'withdraw' || (change.op === 'edit' && !change.subresource) ? undefined : change);

/** Every request that is not a read passes here, whatever kind of change it belongs to. */
const asking = (rest: Rest, { beforeWrite, isDryRun }: ApplyOptions): Rest =>
  beforeWrite === undefined || isDryRun
    ? rest
    : {
        ...rest,
        send: async (request, context) => {
          if (request.verb !== 'get') await beforeWrite();
          return rest.send(request, context);
        },
      };

function write(writer: Writer, change: Change, deps: ApplyDeps): Promise<ChangeOutcome> {
  switch (change.op) {
    case 'call':
      return writeCall(writer, change, deps.databases);
    case 'exec':
      return writeExec(writer, change, runnerOf(writer, change, deps));
    case 'edit':
      return writeEdit(writer, change);
    case 'scale':
      return writeScale(writer, change);
    case 'evict':
      return writeEviction(writer, change);
    case 'delete':
      return writeDeletion(writer, change);
    case 'create':
      return writeCreation(writer, change);
    case 'withdraw':
      return writeWithdrawal(writer, change);
  }
}

const runnerOf =
  ({ userAgent }: Writer, { ref, uid, container }: ExecChange, { connection, rest }: ApplyDeps): Run =>
  (argv, timeoutMs) =>
    execInPod({ connection, rest, userAgent }, { namespace: ref.namespace ?? '', name: ref.name, uid }, { container, argv, timeoutMs });

/**
 * Where the cache is enough to judge by. A dry run writes nothing. An eviction is pinned: the server compares the uid in the
 * same step in which it asks the budget, so reading first would only double the requests of a drain. After a lost answer the
 * cache may not show yet what the first one did, and the second would count as another eviction.
 */
function known(world: World, ref: ObjectRef, change: Change, { isDryRun, isRepeat }: ApplyOptions): KubeObject | undefined {
  if (isDryRun) return cached(world, ref);
  const pod = change.op === 'evict' && !isRepeat ? cached(world, ref) : undefined;
  return change.op === 'evict' && pod?.metadata.uid === change.uid ? pod : undefined;
}

const cached = (world: World, ref: ObjectRef): KubeObject | undefined => {
  const object = world.get(ref.kind, ref.namespace, ref.name);
  return object?.apiVersion === ref.apiVersion ? object : undefined;
};
