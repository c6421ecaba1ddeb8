import type { Condition, KubeNode, Quantities } from './kube-types.js';
import { timeText } from './memory.js';

const fakeAnnotation = 'kwok.x-k8s.io/node';
const downAnnotation = 'sandbox.kubernaut.io/down';
const brokenAnnotation = 'sandbox.kubernaut.io/broken';
const pressureAnnotation = 'sandbox.kubernaut.io/pressure';

export const defaultCapacity: Quantities = { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' };

/** Nodes of other kubelets are none of our business. */
export const isSimulated = (node: KubeNode): boolean => node.metadata.annotations?.[fakeAnnotation] === 'fake';
export const isDown = (node: KubeNode): boolean => node.metadata.annotations?.[downAnnotation] === 'true';
export const isKubeletAlive = (node: KubeNode | undefined): boolean => node !== undefined && isSimulated(node) && !isDown(node);

const zones = ['sandbox-a', 'sandbox-b', 'sandbox-c'];

export function defaultNodes(): object[] {
  return zones.map((zone, index) => {
    const name = `sandbox-${String(index + 1)}`;
    const labels = {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'topology.kubernetes.io/region': 'sandbox',
      'topology.kubernetes.io/zone': zone,
    };
    const metadata = { name, labels, annotations: { [fakeAnnotation]: 'fake' } };
    return { apiVersion: 'v1', kind: 'Node', metadata, status: { capacity: defaultCapacity, allocatable: defaultCapacity } };
  });
}

const pressures = [
  { word: 'memory', type: 'MemoryPressure', good: 'KubeletHasSufficientMemory', bad: 'KubeletHasInsufficientMemory', goodText: 'kubelet has sufficient memory available', badText: 'kubelet has insufficient memory available' },
  { word: 'disk', type: 'DiskPressure', good: 'KubeletHasNoDiskPressure', bad: 'KubeletHasDiskPressure', goodText: 'kubelet has no disk pressure', badText: 'kubelet has disk pressure' },
  { word: 'pid', type: 'PIDPressure', good: 'KubeletHasSufficientPID', bad: 'KubeletHasInsufficientPID', goodText: 'kubelet has sufficient PID available', badText: 'kubelet has insufficient PID available' },
];

export const hasPressure = (node: KubeNode | undefined, word: string): boolean => (node?.metadata.annotations?.[pressureAnnotation] ?? '').split(',').some((one) => one.trim() === word);

/** Ready in its own eyes, and nothing runs on it: a broken disk, a broken runtime. */
export const isBroken = (node: KubeNode | undefined): boolean => node?.metadata.annotations?.[brokenAnnotation] === 'true';

function conditionsOf(node: KubeNode, now: number): Condition[] {
  const claims = [
    ...pressures.map((one) => {
      const isHigh = hasPressure(node, one.word);
      return { type: one.type, status: isHigh ? 'True' : 'False', reason: isHigh ? one.bad : one.good, message: isHigh ? one.badText : one.goodText };
    }),
    { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  ];
  return claims.map((claim) => {
    const known = node.status?.conditions?.find((one) => one.type === claim.type);
    const isSame = known?.status === claim.status && known.reason === claim.reason;
    const at = timeText(now);
    return { ...claim, lastHeartbeatTime: isSame ? (known.lastHeartbeatTime ?? at) : at, lastTransitionTime: isSame ? (known.lastTransitionTime ?? at) : at };
  });
}

export interface NodeFacts {
  kubeletPort: number;
  kubeletVersion: string;
  now: number;
}

/** The status a kubelet would post; capacity stays what the Node was applied with. */
export function nodeStatusOf(node: KubeNode, facts: NodeFacts): NonNullable<KubeNode['status']> {
  const capacity = { ...defaultCapacity, ...node.status?.capacity };
  return {
    capacity,
    allocatable: { ...capacity, ...node.status?.allocatable },
    conditions: conditionsOf(node, facts.now),
    // no Hostname address: the API server would prefer it and find no such host
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: facts.kubeletPort } },
    nodeInfo: {
      machineID: node.metadata.uid,
      systemUUID: node.metadata.uid,
      bootID: node.metadata.uid,
      kernelVersion: '6.1.0-sandbox',
      osImage: 'Kubernaut Sandbox',
      containerRuntimeVersion: 'containerd://2.0.0',
      kubeletVersion: facts.kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
  };
}

const portOf = (status: KubeNode['status']): number | undefined => status?.daemonEndpoints?.kubeletEndpoint?.Port;

function differs(wanted: Condition, live: Condition[] | undefined): boolean {
  const known = live?.find((one) => one.type === wanted.type);
  return known?.status !== wanted.status || known.reason !== wanted.reason;
}

/** True when posting `wanted` would change what others see. */
export function isStatusDue(node: KubeNode, wanted: NonNullable<KubeNode['status']>): boolean {
  const live = node.status;
  if (!live?.allocatable || !live.nodeInfo?.['kubeletVersion'] || portOf(live) !== portOf(wanted)) return true;
  return (wanted.conditions ?? []).some((one) => differs(one, live.conditions));
}
