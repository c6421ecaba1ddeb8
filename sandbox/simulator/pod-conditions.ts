import type { Condition, ContainerStatus, Pod } from './kube-types.js';
import { timeText } from './memory.js';

interface Facts {
  pod: Pod;
  phase: string;
  isInitialized: boolean;
  initContainerStatuses: ContainerStatus[];
  containerStatuses: ContainerStatus[];
  now: number;
}

type Claim = Omit<Condition, 'lastTransitionTime'>;

const names = (statuses: ContainerStatus[]): string => `[${statuses.map((one) => one.name).join(' ')}]`;

function initialized({ isInitialized, initContainerStatuses, phase }: Facts): Claim {
  if (phase === 'Succeeded') return { type: 'Initialized', status: 'True', reason: 'PodCompleted' };
  if (isInitialized) return { type: 'Initialized', status: 'True' };
  const message = `containers with incomplete status: ${names(initContainerStatuses.filter((one) => !one.ready))}`;
  return { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized', message };
}

function containersReady({ containerStatuses, phase }: Facts, type: string): Claim {
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  const unready = containerStatuses.filter((one) => !one.ready);
  if (unready.length === 0) return { type, status: 'True' };
  return { type, status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: ${names(unready)}` };
}

function podReady(facts: Facts): Claim {
  const claim = containersReady(facts, 'Ready');
  if (claim.status !== 'True') return claim;
  const gate = facts.pod.spec.readinessGates?.find(
    ({ conditionType }) => facts.pod.status?.conditions?.find((one) => one.type === conditionType)?.status !== 'True',
  );
  if (!gate) return claim;
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: `the status of pod readiness gate "${gate.conditionType}" is not "True"` };
}

/** The conditions a kubelet owns; a transition time moves only with the status. */
export function conditionsOf(facts: Facts): Condition[] {
  const before = facts.pod.status?.conditions ?? [];
  const isSandboxUp = facts.phase !== 'Succeeded' && facts.phase !== 'Failed';
  const claims: Claim[] = [
    { type: 'PodReadyToStartContainers', status: isSandboxUp ? 'True' : 'False' },
    initialized(facts),
    podReady(facts),
    containersReady(facts, 'ContainersReady'),
  ];
  return claims.map((claim) => {
    const known = before.find((one) => one.type === claim.type);
    const lastTransitionTime = known?.status === claim.status && known.lastTransitionTime ? known.lastTransitionTime : timeText(facts.now);
    return { ...claim, lastTransitionTime };
  });
}
