import { conditionOf, isPodReady, podsOf, type KubeObject, type World } from '../../kube.js';
import type { Check } from '../facts.js';
import { containerStatusesOf, countOf, isObserved } from '../../status.js';
import { findingsOf, targetText } from './finding.js';
import { subjectOf } from './subject.js';

const { deny } = findingsOf('rollout');

/** Going back, and replacing a stuck pod, are what a bad rollout needs. */
const EXEMPT = ['rollback_deployment', 'restart_pod'];
const FAILED_WAITING = /BackOff|^Err|Error$|^Invalid/;

/** Spec observed, and not moving within its progress deadline (C6). One that fails or has exceeded its deadline does not move. */
export const rollout: Check = (f) => {
  const subject = subjectOf(f);
  if (!f.step.isWriting || !subject || EXEMPT.includes(f.step.action)) return [];
  return isMoving(subject, f.world) ? deny('rollout_in_progress', `${targetText(f)} is in the middle of a rollout; wait for it or roll it back`) : [];
};

export function isMoving(o: KubeObject, world: World): boolean {
  if (!['Deployment', 'StatefulSet', 'DaemonSet'].includes(o.kind)) return false;
  if (!isObserved(o)) return true;
  return isRolling(o) && !podsOf(world, o).some(isFailing);
}

function isRolling(o: KubeObject): boolean {
  if (o.kind === 'Deployment') return isProgressing(o);
  if (o.spec?.updateStrategy?.type === 'OnDelete') return false;
  if (o.kind === 'StatefulSet') return o.status?.updateRevision !== undefined && o.status.currentRevision !== o.status.updateRevision;
  return countOf(o, 'updatedNumberScheduled') < countOf(o, 'desiredNumberScheduled');
}

/** The controller calls a rollout progressing until all of it is available, or its deadline has passed. */
function isProgressing(o: KubeObject): boolean {
  const progressing = conditionOf(o, 'Progressing');
  const isOpen = progressing?.status === 'True' && progressing.reason !== 'NewReplicaSetAvailable';
  return isOpen && !o.spec?.paused && countOf(o, 'updatedReplicas') + countOf(o, 'unavailableReplicas') > 0;
}

/** A pod with a failure behind it keeps a rollout from moving. */
const isFailing = (pod: KubeObject): boolean =>
  !isPodReady(pod) &&
  containerStatusesOf(pod).some(
    (s: { restartCount?: number; state?: { waiting?: { reason?: string }; terminated?: { exitCode?: number } } }) =>
      (s.restartCount ?? 0) > 0 || FAILED_WAITING.test(s.state?.waiting?.reason ?? '') || (s.state?.terminated?.exitCode ?? 0) !== 0,
  );
