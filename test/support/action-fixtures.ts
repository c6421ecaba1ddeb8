import type { ActionId } from '../../src/actions/index.js';
import type { KubeObject } from '../../src/domain/kube.js';
import type { PastAction, Problem } from '../../src/domain/evidence.js';
import { CORDONED_BY } from '../../src/actions/node.js';
import { AN_HOUR_AGO, deploymentOf, hpaOf, nodeOf, NOW, podOf, problemOf, replicaSetOf, threeNodes, YESTERDAY } from './objects.js';

/** A world in which the action can be planned, and one in which what it wants is there already. */
export interface ActionFixture {
  object: KubeObject;
  others: KubeObject[];
  params: Record<string, unknown>;
  problems?: Problem[];
  history?: PastAction[];
  /** `plan` on this object gives no changes. A string says why the row refuses instead. */
  satisfied: { object: KubeObject; others?: KubeObject[] } | string;
}

const api = { namespace: 'shop', name: 'api' };
const deployment = deploymentOf('api');
const set = replicaSetOf(deployment, 1, { available: 2 });
const bigger = deploymentOf('api', { resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } } });
const broken = deploymentOf('api', { image: 'api:2', annotations: { 'deployment.kubernetes.io/revision': '2' } });
const pod = podOf('api-1', { owner: set, isReady: false, lastEnd: 'OOMKilled' });
const leaving = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: NOW } };
const closed = nodeOf('worker-1', { isCordoned: true, annotations: { [CORDONED_BY]: 'remediation/test/-/Node/worker-1' } });
const [, two, three] = threeNodes() as [KubeObject, KubeObject, KubeObject];

export const ACTION_FIXTURES: Record<ActionId, ActionFixture> = {
  scale_deployment: { object: deployment, others: threeNodes(), params: { ...api, replicas: 4 }, satisfied: { object: deploymentOf('api', { replicas: 4 }) } },
  increase_resources: {
    object: deployment,
    others: [set, pod, ...threeNodes()],
    params: { ...api, kind: 'Deployment', container: 'api', memory: '512Mi' },
    problems: [problemOf()],
    satisfied: { object: bigger },
  },
  update_hpa: { object: hpaOf(), others: [deploymentOf('api', { replicas: 4 }), ...threeNodes()], params: { ...api, maxReplicas: 8 }, satisfied: { object: hpaOf('api', { max: 8 }) } },
  restart_pod: { object: pod, others: [set, deployment, ...threeNodes()], params: { namespace: 'shop', pod: 'api-1' }, satisfied: { object: leaving } },
  rollback_deployment: {
    object: broken,
    others: [replicaSetOf(broken, 2, { createdAt: AN_HOUR_AGO }), replicaSetOf(broken, 1, { image: 'api:1', createdAt: YESTERDAY, available: 1 })],
    params: { ...api, revision: 1 },
    problems: [problemOf()],
    satisfied: 'a rollback to the revision it is at is refused; a repeat is caught by the pinned template',
  },
  cordon_node: { object: nodeOf('worker-1'), others: [two, three], params: { node: 'worker-1' }, satisfied: { object: closed } },
  uncordon_node: { object: closed, others: [two, three], params: { node: 'worker-1' }, satisfied: { object: nodeOf('worker-1') } },
  drain_node: {
    object: nodeOf('worker-1'),
    others: [two, three, deployment, set, podOf('api-1', { owner: set }), podOf('api-2', { owner: set, node: 'worker-2' })],
    params: { node: 'worker-1', deadline: '10m' },
    satisfied: { object: closed, others: [two, three] },
  },
  collect_diagnostics: { object: deployment, others: [set, pod], params: { namespace: 'shop', target: 'Deployment/api' }, satisfied: { object: deployment } },
  notify_only: { object: deployment, others: [], params: { summary: 'Two replicas are Pending.' }, satisfied: { object: deployment } },
};
