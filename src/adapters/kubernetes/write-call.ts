import type { Change } from '../../domain/change.js';
import { KubernautError } from '../../domain/errors.js';
import type { ChangeOutcome, DatabaseControl } from '../../domain/ports.js';
import { describeTarget } from '../../domain/target.js';
import { sameObjectOrThrow, type Writer } from './write.js';

/** Who is asked is a pod of the plan's own namespace, at the address the API server gives: no address comes from a request or an answer. */
export async function writeCall(w: Writer, change: Extract<Change, { op: 'call' }>, databases: DatabaseControl | undefined): Promise<ChangeOutcome> {
  const { ref, uid, request } = change;
  if (!databases) throw new KubernautError('Unsupported', `${describeTarget(ref)}: this process has no way to Patroni; act with patronictl`);
  const addressOf = async (member: string): Promise<string> => {
    const pod = { ...ref, name: member };
    const live = await w.read(pod, true);
    const same = sameObjectOrThrow(live, pod, member === ref.name ? uid : (live?.metadata.uid ?? ''));
    const ip: unknown = same.status?.podIP;
    if (typeof ip === 'string' && ip !== '') return ip;
    throw new KubernautError('DatabaseUnavailable', `${describeTarget(pod)} has no address yet; it is asked again when it runs`);
  };
  return { status: await databases.call({ request, addressOf, options: w.options }) };
}
