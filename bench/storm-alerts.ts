import { fingerprintOf } from '../sandbox/ticker/fingerprint.js';
import { inFlight } from './samples.js';
import type { Workload } from './targets.js';

export interface StormAlert {
  workload: string;
  fingerprint: string;
  labels: Record<string, string>;
  startsAt: string;
}

/** Names of kube-prometheus: about pods where there is a pod label, about workloads elsewhere. */
const NAMES = [
  'KubePodCrashLooping', 'KubePodNotReady', 'KubeContainerWaiting', 'CPUThrottlingHigh', 'KubeContainerOOMKilled', 'PodMemoryNearLimit', 'PodRestartsOften', 'PodProbeFailing',
  'PodHighErrorRate', 'PodHighLatency', 'PodQueueGrowing', 'PodThreadsExhausted', 'PodFileDescriptorsHigh', 'PodGarbageCollectionSlow', 'PodConnectionsExhausted', 'PodDiskWritesSlow',
  'KubeDeploymentReplicasMismatch', 'KubeDeploymentRolloutStuck', 'KubeDeploymentGenerationMismatch', 'HighRequestRate',
];
const SEVERITIES = ['critical', 'warning', 'warning', 'info'];
const POST_SIZE = 50;
const POSTS_AT_ONCE = 8;
/** Prometheus says how long it would vouch for an alert; longer than any run here, so that nothing expires by itself. */
const VOUCHED_MS = 6 * 3_600_000;

/** `count` alerts, the same number per workload: every name for each of its pods and for the Deployment itself, all fingerprints distinct. */
export function stormOf(workloads: readonly Workload[], count: number): StormAlert[] {
  const perWorkload = Math.floor(count / workloads.length);
  const startsAt = new Date().toISOString();
  const alerts = Array.from({ length: perWorkload }, (_, i) => workloads.map((w) => alertOf(w, i, startsAt)));
  return alerts.flat();
}

function alertOf({ namespace, name, pods }: Workload, i: number, startsAt: string): StormAlert {
  const subjects = pods.length + 1;
  const pod = pods[i % subjects];
  const kind = Math.floor(i / subjects);
  const labels: Record<string, string> = {
    alertname: NAMES[kind % NAMES.length]!, severity: SEVERITIES[i % SEVERITIES.length]!, namespace, job: 'kube-state-metrics', prometheus: 'monitoring/k8s',
    ...(pod === undefined ? { deployment: name } : { pod, container: 'main' }),
    ...(kind < NAMES.length ? {} : { series: String(Math.floor(kind / NAMES.length)) }),
  };
  return { workload: `${namespace}/${name}`, fingerprint: fingerprintOf(labels), labels, startsAt };
}

/** Posts to AlertManager as Prometheus does: many small posts, several at once. Resolved = its end has come. */
export async function postToAlertManager(url: string, alerts: readonly StormAlert[], status: 'firing' | 'resolved'): Promise<number> {
  const posts = Array.from({ length: Math.ceil(alerts.length / POST_SIZE) }, (_, i) => alerts.slice(i * POST_SIZE, (i + 1) * POST_SIZE));
  const endsAt = new Date(Date.now() + (status === 'firing' ? VOUCHED_MS : -1000)).toISOString();
  await inFlight(POSTS_AT_ONCE, posts, async (some) => {
    const body = some.map(({ labels, startsAt }) => ({ labels, annotations: { summary: `${labels['alertname']} in ${labels['namespace']}` }, startsAt, endsAt, generatorURL: 'http://prometheus.example/graph' }));
    const response = await fetch(`${url}/api/v2/alerts`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`AlertManager answered ${response.status}: ${await response.text()}`);
  });
  return posts.length;
}
