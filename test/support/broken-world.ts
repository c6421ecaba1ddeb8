import type { Evidence } from '../../src/domain/evidence.js';
import { container, deployment, evidenceOf, node, object, pod, problem, service, statefulSet } from './kube-objects.js';

/** One small, very broken world, seen from each of its objects. */
export function brokenWorld(): Evidence[] {
  const { deployment: d, sets } = deployment('api', [{ available: 1 }, { podSpec: { containers: [container({ command: ['nope'], resources: { limits: { memory: '64Mi' } } })], nodeSelector: { a: 'b' } } }]);
  const db = statefulSet('db', {}, { status: { updateRevision: 'db-2' } });
  const objects = [
    d, ...sets, db, service('api'), service('db', { selector: { app: 'nothing' } }), node('a', { ready: false }), node('b'), node('c'),
    pod(sets[1]!, { waiting: { reason: 'CrashLoopBackOff' }, restarts: 3, last: { reason: 'StartError', exitCode: 128 } }),
    pod(sets[1]!, { waiting: { reason: 'ImagePullBackOff', message: 'not found' } }),
    pod(sets[1]!, { restarts: 2, waiting: { reason: 'CrashLoopBackOff' }, last: { reason: 'OOMKilled', exitCode: 137 } }),
    pod(sets[1]!, { scheduled: { reason: 'Unschedulable', message: 'Insufficient cpu' } }),
    pod(db, { nodeName: 'a', labels: { 'controller-revision-hash': 'db-1' } }),
    object('autoscaling/v2', 'HorizontalPodAutoscaler', 'api', { spec: { maxReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'api' } }, status: { conditions: [{ type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas' }, { type: 'ScalingActive', status: 'True' }] } }),
    object('v1', 'PersistentVolumeClaim', 'data', { spec: {}, status: { phase: 'Lost' } }),
    object('batch/v1', 'Job', 'j', { status: { conditions: [{ type: 'Failed', status: 'True' }] } }),
    object('v1', 'Namespace', 'shop', {}, { namespace: undefined }),
    object('v1', 'ConfigMap', 'bare', {}),
  ];
  return objects.map((o) => evidenceOf(o, [objects], { problems: [problem('KubePodNotReady')] }));
}
