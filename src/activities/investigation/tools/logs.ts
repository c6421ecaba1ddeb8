import { Type } from '@sinclair/typebox';
import { KubernautError } from '../../../domain/errors.js';
import { podsOf, type KubeObject } from '../../../domain/kube.js';
import { collapseLines } from '../../../domain/log-template.js';
import { redactText } from '../../../domain/redact.js';
import { containersOf, isTroubled, isUnhealthyPod } from '../../evidence/container-state.js';
import { defineTool, type Found, type ToolContext } from '../define.js';

/** Read from the container; what a filter or the collapsing leaves of it is told. */
const TAIL_LINES = 2000;
const LIMIT_BYTES = 256 * 1024;
const MOST_LINES = 200;
const MOST_CHARACTERS = 8000;

export const logs = defineTool({
  id: 'logs',
  summary: 'Log lines of one container, newest last, alike ones counted. Of a workload: of its unhealthiest pod. `previous`: the life before the last restart. `contains`: only lines with this text in them.',
  kinds: ['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'],
  args: Type.Object(
    {
      container: Type.Optional(Type.String({ pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' })),
      previous: Type.Optional(Type.Boolean()),
      contains: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      lines: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_LINES })),
    },
    { additionalProperties: false },
  ),
  async run({ container: wanted, previous = false, contains, lines: most = 60 }, context): Promise<Found> {
    const pod = podOf(context);
    const container = containerOf(pod, wanted, context.nowMs);
    const { namespace = '', name } = pod.metadata;
    const raw = await context.cluster.logs({ namespace, name }, { container, isPrevious: previous, tailLines: TAIL_LINES, limitBytes: LIMIT_BYTES });
    // masked before it is filtered: a filter must not tell whether a secret has these letters
    const text = redactText(raw);
    const ref = text.trim() === '' ? undefined : await context.store.putArtifact('log', text);
    const about = { pod: name, container, previous, ...(ref ? { ref } : {}) };
    return excerptOf(text.split('\n').filter((line) => line.trim() !== ''), about, { contains, most });
  },
});

interface About {
  pod: string;
  container: string;
  previous: boolean;
}

function excerptOf(all: readonly string[], about: About, { contains, most }: { contains: string | undefined; most: number }): Found {
  const meant = contains === undefined ? all : all.filter((line) => line.includes(contains));
  const { lines, left } = newest(collapseLines(meant, { maxLines: MOST_LINES }), most);
  const count = contains === undefined ? `${all.length} lines` : `${meant.length} of ${all.length} lines`;
  const last = lines.at(-1);
  return {
    found: `${count} of ${about.pod}/${about.container}${about.previous ? ' before its last restart' : ''}${last ? `, the last: ${last.slice(0, 120)}` : ''}`,
    result: { ...about, lines_read: all.length, ...(contains === undefined ? {} : { lines_that_fit: meant.length }), lines },
    ...(left > 0 ? { truncated: `${left} older kinds of lines` } : {}),
  };
}

/** The youngest unhealthy pod of a workload, else any. */
function podOf({ object, world, nowMs }: ToolContext): KubeObject {
  const pods = [...podsOf(world, object)].sort((a, b) => (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''));
  const pod = pods.find((p) => isUnhealthyPod(p, nowMs)) ?? pods[0];
  if (!pod) throw new KubernautError('TargetNotFound', 'it has no pods, so there is no log; look at its events');
  return pod;
}

function containerOf(pod: KubeObject, wanted: string | undefined, nowMs: number): string {
  const spec = pod.spec ?? {};
  const names = [...(spec.containers ?? []), ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])].map((c: { name: string }) => c.name);
  if (wanted === undefined) return containersOf(pod).find((c) => isTroubled(c, nowMs))?.name ?? names[0] ?? '';
  if (!names.includes(wanted)) throw new KubernautError('InvalidParams', `pod ${pod.metadata.name} has no container ${wanted}; it has ${names.join(', ')}`);
  return wanted;
}

function newest(lines: readonly string[], most: number): { lines: string[]; left: number } {
  const kept: string[] = [];
  let characters = 0;
  for (const line of [...lines].reverse()) {
    characters += line.length;
    if (kept.length >= most || characters > MOST_CHARACTERS) break;
    kept.unshift(line);
  }
  return { lines: kept, left: lines.length - kept.length };
}
