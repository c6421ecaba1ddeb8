import type { KubeObject } from '../../../src/domain/kube.js';
import { HASH, OURS, type ForbiddenScene } from './scene.js';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'merge' | 'json' | 'strategic' | 'apply';

/** One request that must be answered 403. */
export type Request = [what: string, method: Method, path: string, body?: unknown];

type Rows = (s: ForbiddenScene) => Request[];

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const inNs = (group: string, ns: string): string => `${group === 'v1' ? '/api/v1' : `/apis/${group}`}/namespaces/${ns}`;
const annotated = (annotations: object) => ({ metadata: { annotations } });
const template = (spec: object) => ({ spec: { template: { spec } } });
const one = (container: object, name = 'api') => template({ containers: [{ name, ...container }] });
const marks = { 'kubernaut.io/last-action': 'a/b/c' };
const guest = (more: object = {}) => ({
  name: `kb-${HASH}`, image: `tools/debug@sha256:${'a'.repeat(64)}`, command: ['sleep', '60'],
  securityContext: { runAsNonRoot: true, runAsUser: 65534, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } }, ...more,
});

/** The pod template and all around it. */
export const deployments: Rows = ({ ns, api, earlier, foreign, manual }) => {
  const path = `${inNs('apps/v1', ns)}/deployments/api`;
  const env = (entry: object) => one({ env: [entry] });
  const rv = api.metadata.resourceVersion;
  const revision = (more: object = {}) => ({ ...api, spec: { ...api.spec, template: { ...earlier, spec: { ...earlier.spec, containers: [{ ...earlier.spec.containers[0], image: 'evil/api:1' }] } } }, ...more });
  const forged = { ...api.metadata.annotations, ...marks, 'kubernaut.io/verified-revision': `api-1/${rv}` };
  const replaced = (now: object, annotations: object = marks) => [{ op: 'replace', path: '/spec/template', value: now }, { op: 'replace', path: '/metadata/annotations', value: { ...api.metadata.annotations, ...annotations } }];
  const evil = { ...earlier, spec: { ...earlier.spec, containers: [{ ...earlier.spec.containers[0], command: ['sh', '-c', 'id'] }] } };
  return [
    ['replicas by merge patch', 'merge', path, { spec: { replicas: 0 } }],
    ['replicas by JSON patch', 'json', path, [{ op: 'replace', path: '/spec/replicas', value: 9 }]],
    ['replicas by strategic patch', 'strategic', path, { spec: { replicas: 9 } }],
    ['replicas by server-side apply', 'apply', `${path}?fieldManager=kubernaut&force=true`, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'api' }, spec: { replicas: 9 } }],
    ['the whole object by PUT', 'PUT', path, { ...api, spec: { ...api.spec, replicas: 9 } }],
    ['a pause', 'merge', path, { spec: { paused: true } }],
    ['the strategy', 'merge', path, { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } }],
    ['minReadySeconds', 'merge', path, { spec: { minReadySeconds: 60 } }],
    ['the history it keeps', 'merge', path, { spec: { revisionHistoryLimit: 0 } }],
    ['the progress deadline', 'merge', path, { spec: { progressDeadlineSeconds: 86_400 } }],
    ['its labels', 'merge', path, { metadata: { labels: { team: 'evil' } } }],
    ['its finalizers', 'merge', path, { metadata: { finalizers: ['kubernaut.io/stay'] } }],
    ['its owners', 'merge', path, { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }] } }],
    ['an opt-out lifted', 'merge', path, annotated({ 'kubernaut.io/ignore': 'false' })],
    ['a debug switch declared for itself', 'merge', path, annotated({ 'kubernaut.io/debug-env': 'api:LD_PRELOAD=/tmp/x.so' })],
    ['a debug switch declared and used at once', 'strategic', path, { ...annotated({ 'kubernaut.io/debug-env': 'api:LD_PRELOAD=/tmp/x.so' }), ...env({ name: 'LD_PRELOAD', value: '/tmp/x.so' }) }],
    ['the owner\'s debug switch taken away', 'merge', path, annotated({ 'kubernaut.io/debug-env': null })],
    ['an annotation of a person', 'merge', path, annotated({ 'example.com/on-call': 'nobody' })],
    ['the revision that its controller counts', 'merge', path, annotated({ 'deployment.kubernetes.io/revision': '1' })],
    ['what was last applied', 'merge', path, annotated({ 'kubectl.kubernetes.io/last-applied-configuration': '{}' })],
    ['an image, JSON patch', 'json', path, [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'evil/api:1' }]],
    ['an image, strategic patch', 'strategic', path, one({ image: 'evil/api:1' })],
    ['an image, merge patch', 'merge', path, template({ containers: [{ ...api.spec.template.spec.containers[0], image: 'evil/api:1' }] })],
    ['an image, server-side apply', 'apply', `${path}?fieldManager=kubernaut&force=true`, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'api' }, ...one({ image: 'evil/api:1' }) }],
    ['a command', 'strategic', path, one({ command: ['sh', '-c', 'id'] })],
    ['arguments', 'strategic', path, one({ args: ['--insecure'] })],
    ['an undeclared variable', 'strategic', path, env({ name: 'DEBUG', value: '1' })],
    ['the declared variable with another value', 'strategic', path, env({ name: 'LOG_LEVEL', value: 'trace' })],
    ['the declared variable in the value of another', 'strategic', path, env({ name: 'LOG', value: 'LEVEL=debug' })],
    ['the declared variable and a second one', 'strategic', path, one({ env: [{ name: 'LOG_LEVEL', value: 'debug' }, { name: 'X', value: 'debug' }] })],
    ['the declared variable from a Secret', 'json', path, [{ op: 'replace', path: '/spec/template/spec/containers/0/env/0', value: { name: 'LOG_LEVEL', valueFrom: { secretKeyRef: { name: 'password', key: 'password' } } } }]],
    ['a loader variable', 'strategic', path, env({ name: 'LD_PRELOAD', value: '/tmp/x.so' })],
    ['a Secret into its environment', 'strategic', path, one({ envFrom: [{ secretRef: { name: 'password' } }] })],
    ['a folder of the node', 'strategic', path, template({ volumes: [{ name: 'root', hostPath: { path: '/' } }] })],
    ['a Secret as a volume', 'strategic', path, template({ volumes: [{ name: 'p', secret: { secretName: 'password' } }] })],
    ['privilege', 'strategic', path, one({ securityContext: { privileged: true } })],
    ['the network of the node', 'merge', path, template({ hostNetwork: true })],
    ['the processes of the node', 'merge', path, template({ hostPID: true })],
    ['another service account', 'merge', path, template({ serviceAccountName: 'admin' })],
    ['a mounted token', 'merge', path, template({ automountServiceAccountToken: true })],
    ['one more container', 'strategic', path, template({ containers: [{ name: 'miner', image: 'evil/miner:1' }] })],
    ['an init container', 'strategic', path, template({ initContainers: [{ name: 'first', image: 'evil/first:1' }] })],
    ['a node of choice', 'merge', path, template({ nodeName: 'sandbox-1' })],
    ['a node selector', 'merge', path, template({ nodeSelector: { disk: 'none' } })],
    ['a toleration', 'merge', path, template({ tolerations: [{ operator: 'Exists' }] })],
    ['an affinity to a node', 'merge', path, template({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['sandbox-1'] }] }] } } } })],
    ['an affinity by label', 'merge', path, template({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'x', operator: 'Exists' }] }] } } } })],
    ['an affinity to pods', 'merge', path, template({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'other' } } }] } } })],
    ['a priority', 'merge', path, template({ priorityClassName: 'system-node-critical' })],
    ['a probe', 'strategic', path, one({ livenessProbe: { exec: { command: ['id'] } } })],
    ['a hook at the start', 'strategic', path, one({ lifecycle: { postStart: { exec: { command: ['id'] } } } })],
    ['labels of its pods', 'merge', path, { spec: { template: { metadata: { labels: { 'istio.io/rev': 'x' } } } } }],
    ['annotations of its pods', 'merge', path, { spec: { template: { metadata: { annotations: { 'sidecar.istio.io/inject': 'false' } } } } }],
    ['a restart and a resource at once', 'strategic', path, { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'x' } }, spec: { containers: [{ name: 'api', resources: { limits: { memory: '32Mi' } } }] } } } }],
    ['a resource and an image at once', 'strategic', path, one({ image: 'evil/api:1', resources: { limits: { memory: '32Mi' } } })],
    ['a restart and replicas at once', 'merge', path, { spec: { replicas: 9, template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'x' } } } } }],
    ['a template that never was', 'json', path, replaced(evil)],
    ['a template that never was, with the mark forged', 'json', path, replaced(evil, { ...marks, 'kubernaut.io/verified-revision': `api-1/${rv}` })],
    ['the mark forged by merge patch', 'merge', path, { metadata: { annotations: forged }, spec: revision().spec }],
    ['the mark forged with the record of managers taken away', 'merge', path, { metadata: { annotations: forged, managedFields: [{}] }, spec: revision().spec }],
    ['the mark forged with another record of managers', 'merge', path, { metadata: { annotations: forged, managedFields: api.metadata.managedFields }, spec: revision().spec }],
    ['the mark forged by server-side apply', 'apply', `${path}?fieldManager=evil&force=true`, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'api', annotations: { 'kubernaut.io/verified-revision': `api-1/${rv}` } }, ...one({ image: 'evil/api:1' }) }],
    ['the mark alone, for later', 'merge', path, annotated({ 'kubernaut.io/verified-revision': `api-1/${rv}` })],
    ['an earlier revision and replicas at once', 'json', path, [...replaced(earlier), { op: 'replace', path: '/spec/replicas', value: 9 }]],
    ['the template of another Deployment', 'json', path, replaced(foreign)],
    ['an earlier revision where rollbacks are manual', 'json', `${inNs('apps/v1', ns)}/deployments/manual`, [{ op: 'replace', path: '/spec/template', value: manual.earlier }]],
    ['an earlier revision and the word manual taken away', 'json', `${inNs('apps/v1', ns)}/deployments/manual`, [{ op: 'remove', path: '/metadata/annotations/kubernaut.io~1rollback' }, { op: 'replace', path: '/spec/template', value: manual.earlier }]],
    ['its status', 'merge', `${path}/status`, { status: { observedGeneration: 1 } }],
    ['its deletion', 'DELETE', path],
    ['a new one', 'POST', `${inNs('apps/v1', ns)}/deployments`, { ...api, metadata: { name: 'evil' } }],
  ];
};

export const otherWorkloads: Rows = ({ ns, replicaSet, uids }) => {
  const apps = inNs('apps/v1', ns);
  const scale = (name: string, replicas: number): KubeObject => ({ apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name, namespace: ns }, spec: { replicas } });
  return [
    ['a scale to nothing', 'PUT', `${apps}/deployments/api/scale`, scale('api', 0)],
    ['a scale to a number nobody means', 'PUT', `${apps}/deployments/api/scale`, scale('api', 5000)],
    ['a scale by patch', 'merge', `${apps}/deployments/api/scale`, { spec: { replicas: 0 } }],
    ['a set scaled to nothing', 'PUT', `${apps}/statefulsets/db/scale`, scale('db', 0)],
    ['the scale of a ReplicaSet', 'PUT', `${apps}/replicasets/${replicaSet}/scale`, scale(replicaSet, 3)],
    ['the image of a set', 'strategic', `${apps}/statefulsets/db`, one({ image: 'evil/db:1' }, 'db')],
    ['the image of a set with the mark forged', 'strategic', `${apps}/statefulsets/db`, { ...annotated({ 'kubernaut.io/verified-revision': 'x/1' }), ...one({ image: 'evil/db:1' }, 'db') }],
    ['replicas of a set', 'merge', `${apps}/statefulsets/db`, { spec: { replicas: 0 } }],
    ['a partition of a set', 'merge', `${apps}/statefulsets/db`, { spec: { updateStrategy: { rollingUpdate: { partition: 9 } } } }],
    ['what becomes of a set\'s claims', 'merge', `${apps}/statefulsets/db`, { spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Delete' } } }],
    ['the image of a daemon', 'strategic', `${apps}/daemonsets/agent`, one({ image: 'evil/agent:1' }, 'agent')],
    ['the node\'s network for a daemon', 'merge', `${apps}/daemonsets/agent`, template({ hostNetwork: true })],
    ['the nodes of a daemon', 'merge', `${apps}/daemonsets/agent`, template({ nodeSelector: { none: 'x' } })],
    ['the metrics of an autoscaler', 'merge', `${inNs('autoscaling/v2', ns)}/horizontalpodautoscalers/api`, { spec: { metrics: null } }],
    ['the target of an autoscaler', 'merge', `${inNs('autoscaling/v2', ns)}/horizontalpodautoscalers/api`, { spec: { scaleTargetRef: { name: 'api' } } }],
    ['a bound nobody means', 'merge', `${inNs('autoscaling/v2', ns)}/horizontalpodautoscalers/api`, { spec: { maxReplicas: 5000 } }],
    ['a bound by the old version of the API', 'merge', `${inNs('autoscaling/v1', ns)}/horizontalpodautoscalers/api`, { spec: { maxReplicas: 5000 } }],
    ['the deletion of an autoscaler', 'DELETE', `${inNs('autoscaling/v2', ns)}/horizontalpodautoscalers/api`],
    ['a claim more than twice as big', 'merge', `${inNs('v1', ns)}/persistentvolumeclaims/data`, { spec: { resources: { requests: { storage: '5Gi' } } } }],
    ['the labels of a claim', 'merge', `${inNs('v1', ns)}/persistentvolumeclaims/data`, { metadata: { labels: { 'cnpg.io/cluster': 'pg' } } }],
    ['a claim of nobody\'s replica deleted', 'DELETE', `${inNs('v1', ns)}/persistentvolumeclaims/data`, { preconditions: { uid: uids.data } }],
  ];
};

export const nodes: Rows = () => [
  ['labels of a node', 'merge', '/api/v1/nodes/sandbox-1', { metadata: { labels: { role: 'x' } } }],
  ['a taint', 'merge', '/api/v1/nodes/sandbox-1', { spec: { taints: [{ key: 'x', effect: 'NoExecute' }] } }],
  ['annotations of a node', 'merge', '/api/v1/nodes/sandbox-1', annotated({ 'sandbox.kubernaut.io/down': 'true' })],
  ['a cordon without our mark', 'merge', '/api/v1/nodes/sandbox-1', { spec: { unschedulable: true } }],
  ['our mark on an open node', 'merge', '/api/v1/nodes/sandbox-1', annotated({ 'kubernaut.io/cordoned-by': 'x' })],
  ['a person\'s cordon lifted', 'merge', '/api/v1/nodes/sandbox-2', { spec: { unschedulable: null } }],
  ['a person\'s cordon claimed', 'merge', '/api/v1/nodes/sandbox-2', annotated({ 'kubernaut.io/cordoned-by': 'x' })],
  ['a person\'s cordon claimed and lifted at once', 'merge', '/api/v1/nodes/sandbox-2', { ...annotated({ 'kubernaut.io/cordoned-by': 'x' }), spec: { unschedulable: null } }],
  ['the status of a node', 'merge', '/api/v1/nodes/sandbox-1/status', { status: { capacity: { pods: '0' } } }],
  ['the deletion of a node', 'DELETE', '/api/v1/nodes/sandbox-1'],
  ['the kubelet through a node', 'GET', '/api/v1/nodes/sandbox-1/proxy/pods'],
];

export const pods: Rows = ({ ns, pod, unwell, isolated }) => {
  const all = `${inNs('v1', ns)}/pods`;
  const path = `${all}/${pod.metadata.name}`;
  const { uid } = pod.metadata;
  const evicted = (deleteOptions?: object) => ({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod.metadata.name, namespace: ns }, ...(deleteOptions ? { deleteOptions } : {}) });
  const debugging = (container: object) => ({ spec: { ephemeralContainers: [container] } });
  const command = (...words: string[]): string => words.map((w) => `command=${encodeURIComponent(w)}`).join('&');
  return [
    ['the image of a pod', 'strategic', path, { spec: { containers: [{ name: 'api', image: 'evil/api:1' }] } }],
    ['the end of a pod\'s time', 'merge', path, { spec: { activeDeadlineSeconds: 1 } }],
    ['a label added', 'merge', path, { metadata: { labels: { role: 'primary' } } }],
    ['a label changed', 'merge', path, { metadata: { labels: { app: 'other' } } }],
    ['a label taken off without a quarantine', 'merge', path, { metadata: { labels: { app: null } } }],
    ['a quarantine that adds another label', 'merge', path, { metadata: { labels: { 'kubernaut.io/quarantine': HASH, app: 'other' } } }],
    ['a quarantine by a name of its own', 'merge', path, { metadata: { labels: { 'kubernaut.io/quarantine': 'evil' } } }],
    ['a quarantine lifted', 'merge', `${all}/${isolated.metadata.name}`, { metadata: { labels: { 'kubernaut.io/quarantine': null } } }],
    ['a second quarantine', 'merge', `${all}/${isolated.metadata.name}`, { metadata: { labels: { 'kubernaut.io/quarantine': 'ba9876543210' } } }],
    ['an annotation of a pod', 'merge', path, annotated({ 'kubernaut.io/heap-runtime': 'jvm' })],
    ['a finalizer of a pod', 'merge', path, { metadata: { finalizers: ['kubernaut.io/stay'] } }],
    ['the status of a pod', 'merge', `${path}/status`, { status: { phase: 'Failed' } }],
    ['resources of a running pod', 'strategic', `${path}/resize`, { spec: { containers: [{ name: 'api', resources: { limits: { memory: '1Gi' } } }] } }],
    ['a Ready pod deleted', 'DELETE', path, { preconditions: { uid } }],
    ['a pod deleted by name alone', 'DELETE', `${all}/${unwell.metadata.name}`],
    ['a pod killed', 'DELETE', `${all}/${unwell.metadata.name}`, { gracePeriodSeconds: 0, preconditions: { uid: unwell.metadata.uid } }],
    ['a pod killed, in the query', 'DELETE', `${all}/${unwell.metadata.name}?gracePeriodSeconds=0`],
    ['a pod orphaned', 'DELETE', `${all}/${unwell.metadata.name}`, { propagationPolicy: 'Orphan', preconditions: { uid: unwell.metadata.uid } }],
    ['all pods deleted', 'DELETE', all],
    ['all pods of a label deleted', 'DELETE', `${all}?labelSelector=app%3Dapi`],
    ['a pod made', 'POST', all, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'evil' }, spec: { containers: [{ name: 'c', image: 'x:1' }] } }],
    ['an eviction without a uid', 'POST', `${path}/eviction`, evicted()],
    ['an eviction without grace', 'POST', `${path}/eviction`, evicted({ gracePeriodSeconds: 0, preconditions: { uid } })],
    ['an eviction that kills Kubernaut', 'POST', `${inNs('v1', 'kubernaut-system')}/pods/worker/eviction`, { ...evicted({ preconditions: { uid } }), metadata: { name: 'worker', namespace: 'kubernaut-system' } }],
    ['a pod bound to a node', 'POST', `${path}/binding`, { apiVersion: 'v1', kind: 'Binding', metadata: { name: pod.metadata.name }, target: { kind: 'Node', name: 'sandbox-1' } }],
    ['a debug container by tag', 'strategic', `${path}/ephemeralcontainers`, debugging(guest({ image: 'busybox:latest' }))],
    ['a debug container of another name', 'strategic', `${path}/ephemeralcontainers`, debugging(guest({ name: 'shell' }))],
    ['a privileged debug container', 'strategic', `${path}/ephemeralcontainers`, debugging(guest({ securityContext: { privileged: true } }))],
    ['a debug container as root', 'strategic', `${path}/ephemeralcontainers`, debugging(guest({ securityContext: { ...guest().securityContext, runAsUser: 0, runAsNonRoot: false } }))],
    ['a debug container with a capability', 'strategic', `${path}/ephemeralcontainers`, debugging(guest({ securityContext: { ...guest().securityContext, capabilities: { drop: ['ALL'], add: ['SYS_PTRACE'] } } }))],
    ['a debug container without a security context', 'strategic', `${path}/ephemeralcontainers`, debugging(guest({ securityContext: null }))],
    ['a debug container that does more than sleep', 'strategic', `${path}/ephemeralcontainers`, debugging(guest({ command: ['sh', '-c', 'id'] }))],
    ['a debug container that sleeps for ever', 'strategic', `${path}/ephemeralcontainers`, debugging(guest({ command: ['sleep', '9999'] }))],
    ['a debug container with a variable', 'strategic', `${path}/ephemeralcontainers`, debugging(guest({ env: [{ name: 'X', value: '1' }] }))],
    ['a debug container with a Secret', 'strategic', `${path}/ephemeralcontainers`, debugging(guest({ envFrom: [{ secretRef: { name: 'password' } }] }))],
    ['a shell in a container', 'GET', `${path}/exec?container=api&stdout=true&${command('sh', '-c', 'id')}`],
    ['a shell in a container, by POST', 'POST', `${path}/exec?container=api&stdout=true&${command('sh')}`],
    ['a heap dump that reads from us', 'POST', `${path}/exec?container=api&stdin=true&stdout=true&${command('jcmd', '1', 'GC.heap_dump', `/d/kb-${HASH}.hprof`)}`],
    ['a file of another name removed', 'POST', `${path}/exec?container=api&stdout=true&${command('rm', '-f', '--', '/etc/passwd')}`],
    ['two files removed', 'POST', `${path}/exec?container=api&stdout=true&${command('rm', '-f', '--', '/etc/passwd', `/d/kb-${HASH}.hprof`)}`],
    ['another file read', 'POST', `${path}/exec?container=api&stdout=true&${command('cat', '/run/secrets/token')}`],
    ['an attached stream', 'GET', `${path}/attach?container=api&stdout=true`],
    ['a forwarded port', 'GET', `${path}/portforward?ports=80`],
    ['a pod through the API server', 'GET', `${path}/proxy/`],
    ['a service through the API server', 'GET', `${inNs('v1', ns)}/services/api/proxy/`],
  ];
};

const policy = (name: string, spec: object, more: object = { labels: OURS, annotations: marks }) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, ...more }, spec });
const job = (pod: object, more: object = {}, metadata: object = {}) => ({
  apiVersion: 'batch/v1', kind: 'Job', metadata: { name: `kb-${HASH}`, labels: { ...OURS, 'kubernaut.io/hook': 'kubernaut-hooks' }, annotations: marks, ...metadata },
  spec: { backoffLimit: 0, completions: 1, parallelism: 1, activeDeadlineSeconds: 60, ...more, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'clean', image: 'tools/clean:1', command: ['clean', '--all'], resources: { limits: { memory: '16Mi' } } }], ...pod } } },
});

export const ours: Rows = ({ ns, uids }) => {
  const net = `${inNs('networking.k8s.io/v1', ns)}/networkpolicies`;
  const jobs = `${inNs('batch/v1', ns)}/jobs`;
  const flow = { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'other' } } }], ports: [{ port: 80, protocol: 'TCP' }] }] };
  const from = (peer: object) => ({ ...flow, ingress: [{ from: [peer], ports: [{ port: 80, protocol: 'TCP' }] }] });
  const named = (n: number) => `kb-${String(n).padStart(12, '0')}-allow`;
  const container = (more: object) => ({ containers: [{ name: 'clean', image: 'tools/clean:1', command: ['clean', '--all'], resources: { limits: { memory: '16Mi' } }, ...more }] });
  return [
    ['a policy of another name', 'POST', net, policy('deny-all', flow)],
    ['a policy without our label', 'POST', net, policy(named(1), flow, { annotations: marks })],
    ['a policy over all pods', 'POST', net, policy(named(2), { podSelector: {}, policyTypes: ['Ingress'] })],
    ['a quarantine of pods by their own label', 'POST', net, policy(`kb-${HASH}-quarantine`, { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Ingress', 'Egress'] })],
    ['a quarantine under another hash', 'POST', net, policy(`kb-${HASH}-quarantine`, { podSelector: { matchLabels: { 'kubernaut.io/quarantine': 'ba9876543210' } }, policyTypes: ['Ingress', 'Egress'] })],
    ['a flow from everywhere', 'POST', net, policy(named(3), { ...flow, ingress: [{ ports: [{ port: 80 }] }] })],
    ['a flow from the internet', 'POST', net, policy(named(4), from({ ipBlock: { cidr: '0.0.0.0/0' } }))],
    ['a flow from every pod', 'POST', net, policy(named(5), from({ podSelector: {} }))],
    ['a flow from every namespace', 'POST', net, policy(named(6), from({ namespaceSelector: {}, podSelector: { matchLabels: { app: 'x' } } }))],
    ['a flow on every port', 'POST', net, policy(named(7), { ...flow, ingress: [{ from: flow.ingress[0]!.from }] })],
    ['a flow on a range of ports', 'POST', net, policy(named(8), { ...flow, ingress: [{ from: flow.ingress[0]!.from, ports: [{ port: 1, endPort: 65535 }] }] })],
    ['two flows', 'POST', net, policy(named(9), { ...flow, ingress: [...flow.ingress, ...flow.ingress] })],
    ['our policy in kube-system', 'POST', `${inNs('networking.k8s.io/v1', 'kube-system')}/networkpolicies`, policy(named(10), flow)],
    ['our policy in our own namespace', 'POST', `${inNs('networking.k8s.io/v1', 'kubernaut-system')}/networkpolicies`, policy(named(11), flow)],
    ['a policy of ours widened', 'merge', `${net}/kb-${HASH}-allow`, { spec: { podSelector: { matchLabels: { app: 'other' } } } }],
    ['a policy of theirs changed', 'merge', `${net}/theirs`, { spec: { podSelector: { matchLabels: { app: 'other' } } } }],
    ['a policy of theirs marked as ours', 'merge', `${net}/theirs`, { metadata: { labels: OURS, annotations: marks } }],
    ['a policy of theirs deleted', 'DELETE', `${net}/theirs`, { preconditions: { uid: uids.theirs } }],
    ['a policy of ours deleted by name alone', 'DELETE', `${net}/kb-${HASH}-allow`],
    ['an adopted policy given back', 'merge', `${net}/kb-${HASH.replace('0', 'a')}-allow`, annotated({ 'kubernaut.io/adopted-by': null })],
    ['all policies deleted', 'DELETE', net],
    ['a job of another name', 'POST', jobs, job({}, {}, { name: 'cleanup' })],
    ['a job with another image', 'POST', jobs, job(container({ image: 'evil/clean:1' }))],
    ['a job with another command', 'POST', jobs, job(container({ command: ['clean', '--everything'] }))],
    ['a job with another argument', 'POST', jobs, job(container({ args: ['/'] }))],
    ['a job with a Secret', 'POST', jobs, job(container({ env: [{ name: 'clean', valueFrom: { secretKeyRef: { name: 'password', key: 'password' } } }] }))],
    ['a job with another image and the mark forged', 'POST', jobs, job(container({ image: 'evil/clean:1' }), {}, { annotations: { ...marks, 'kubernaut.io/verified-hook': 'kubernaut-hooks' } })],
    ['a job with another image, the mark forged and no record of managers', 'POST', jobs, job(container({ image: 'evil/clean:1' }), {}, { managedFields: [{}], annotations: { ...marks, 'kubernaut.io/verified-hook': 'kubernaut-hooks' } })],
    ['a job on the network of its node', 'POST', jobs, job({ hostNetwork: true })],
    ['a privileged job', 'POST', jobs, job(container({ securityContext: { privileged: true } }))],
    ['a job that mounts its node', 'POST', jobs, job({ volumes: [{ name: 'clean', hostPath: { path: '/' } }] })],
    ['a job as another service account', 'POST', jobs, job({ serviceAccountName: 'admin' })],
    ['a job without a deadline', 'POST', jobs, job({}, { activeDeadlineSeconds: null })],
    ['a job that is tried for ever', 'POST', jobs, job({}, { backoffLimit: 100 })],
    ['a job without limits', 'POST', jobs, job(container({ resources: {} }))],
    ['a job in our own namespace', 'POST', `${inNs('batch/v1', 'kubernaut-system')}/jobs`, job({})],
    ['a job of a person changed', 'merge', `${jobs}/report`, { spec: { suspend: false } }],
    ['a job of a person that has not ended deleted', 'DELETE', `${jobs}/report`, { preconditions: { uid: uids.report } }],
    ['a cron job', 'POST', `${inNs('batch/v1', ns)}/cronjobs`, { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'x' }, spec: { schedule: '* * * * *', jobTemplate: { spec: job({}).spec } } }],
    ['an event of somebody else', 'POST', `${inNs('events.k8s.io/v1', ns)}/events`, { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: `kubernaut.${HASH}` }, eventTime: '2026-03-01T12:00:00.000000Z', regarding: { kind: 'Pod', namespace: ns, name: 'x' }, reportingController: 'kubelet', reportingInstance: 'x', type: 'Normal', reason: 'X', action: 'X', note: 'x' }],
  ];
};

export const operators: Rows = ({ ns, database, uids }) => {
  const cluster = `${inNs('postgresql.cnpg.io/v1', database)}/clusters/pg`;
  const snapshots = `${inNs('snapshot.storage.k8s.io/v1', ns)}/volumesnapshots`;
  const snapshot = (name: string, source: object) => ({ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name, labels: OURS, annotations: marks }, spec: { source } });
  return [
    ['who leads, as its operator would say it', 'merge', `${cluster}/status`, { status: { currentPrimary: 'pg-2' } }],
    ['a leader that is no instance', 'merge', `${cluster}/status`, { status: { targetPrimary: 'pg-9' } }],
    ['another part of a database\'s status', 'merge', `${cluster}/status`, { status: { instanceNames: ['pg-9'] } }],
    ['the size of a database', 'merge', cluster, { spec: { instances: 5 } }],
    ['the deletion of a database', 'DELETE', cluster],
    ['the claim of a primary deleted', 'DELETE', `${inNs('v1', database)}/persistentvolumeclaims/pg-1`, { preconditions: { uid: uids.primary } }],
    ['a backup to a place of choice', 'POST', `${inNs('postgresql.cnpg.io/v1', database)}/backups`, { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Backup', metadata: { name: `kb-${HASH}`, labels: OURS }, spec: { cluster: { name: 'pg' }, destinationPath: 's3://evil' } }],
    ['a backup of another name', 'POST', `${inNs('postgresql.cnpg.io/v1', database)}/backups`, { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Backup', metadata: { name: 'x', labels: OURS }, spec: { cluster: { name: 'pg' } } }],
    ['a snapshot of another name', 'POST', snapshots, snapshot('x', { persistentVolumeClaimName: 'data' })],
    ['a snapshot of what others took', 'POST', snapshots, snapshot(`kb-${HASH}`, { volumeSnapshotContentName: 'theirs' })],
    ['where an ExternalSecret comes from', 'merge', `${inNs('external-secrets.io/v1', ns)}/externalsecrets/db`, { spec: { target: { name: 'evil' } } }],
    ['a declared overlap', 'merge', `${inNs('external-secrets.io/v1', ns)}/externalsecrets/db`, annotated({ 'kubernaut.io/rotation-overlap': 'true' })],
    ['the names in a Certificate', 'merge', `${inNs('cert-manager.io/v1', ns)}/certificates/web`, { spec: { dnsNames: ['evil'] } }],
    ['a Certificate said to be Ready', 'merge', `${inNs('cert-manager.io/v1', ns)}/certificates/web/status`, { status: { conditions: [{ type: 'Ready', status: 'True', reason: 'x', lastTransitionTime: '2026-03-01T12:00:00Z' }] } }],
    ['the revision of a Certificate', 'merge', `${inNs('cert-manager.io/v1', ns)}/certificates/web/status`, { status: { revision: 99 } }],
  ];
};

/** Ways to more rights, to what is hidden, and to the walls themselves. No admission policy sees the reads. */
export const rights: Rows = ({ ns }) => [
  ['the list of Secrets', 'GET', `${inNs('v1', ns)}/secrets`],
  ['the watch of Secrets', 'GET', '/api/v1/secrets?watch=true'],
  ['one Secret', 'GET', `${inNs('v1', ns)}/secrets/password`],
  ['the ConfigMaps', 'GET', `${inNs('v1', ns)}/configmaps`],
  ['another ConfigMap', 'GET', `${inNs('v1', ns)}/configmaps/kube-root-ca.crt`],
  ['the logs of the API server', 'GET', '/logs/'],
];

export const walls: Rows = ({ ns }) => [
  ['a new Secret', 'POST', `${inNs('v1', ns)}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', annotations: { 'kubernetes.io/service-account.name': 'kubernaut-executor' } }, type: 'kubernetes.io/service-account-token' }],
  ['the hooks of an owner', 'merge', `${inNs('v1', ns)}/configmaps/kubernaut-hooks`, { data: { 'job.json': 'evil' } }],
  ['the kill switch', 'DELETE', `${inNs('v1', 'kubernaut-system')}/configmaps/kubernaut-pause`],
  ['a token of its own account', 'POST', `${inNs('v1', 'kubernaut-system')}/serviceaccounts/kubernaut-executor/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }],
  ['a token of another account', 'POST', `${inNs('v1', ns)}/serviceaccounts/default/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }],
  ['its own account', 'merge', `${inNs('v1', 'kubernaut-system')}/serviceaccounts/kubernaut-executor`, { automountServiceAccountToken: true }],
  ['its own role', 'merge', `${RBAC}/namespaces/${ns}/roles/kubernaut-executor-scaling`, { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] }],
  ['a binding to more', 'POST', `${RBAC}/namespaces/${ns}/rolebindings`, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: 'x' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' }, subjects: [] }],
  ['a binding over the cluster', 'POST', `${RBAC}/clusterrolebindings`, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'x' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' }, subjects: [] }],
  ['a role', 'POST', `${RBAC}/clusterroles`, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'x' }, rules: [] }],
  ['a definition', 'POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'xs.evil.io' }, spec: { group: 'evil.io', scope: 'Cluster', names: { kind: 'X', plural: 'xs' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }] } }],
  ['a definition deleted', 'DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/clusters.postgresql.cnpg.io'],
  ['an API service', 'POST', '/apis/apiregistration.k8s.io/v1/apiservices', { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1.evil.io' }, spec: { group: 'evil.io', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 } }],
  ['the deletion of a namespace', 'DELETE', `/api/v1/namespaces/${ns}`],
  ['the labels of a namespace', 'merge', `/api/v1/namespaces/${ns}`, { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } }],
  ['a disruption budget in the way', 'POST', `${inNs('policy/v1', ns)}/poddisruptionbudgets`, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'x' }, spec: { maxUnavailable: '100%', selector: {} } }],
  ['all disruption budgets', 'DELETE', `${inNs('policy/v1', ns)}/poddisruptionbudgets`],
  ['a quota', 'POST', `${inNs('v1', ns)}/resourcequotas`, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'x' }, spec: { hard: { pods: '1000' } } }],
  ['a service', 'POST', `${inNs('v1', ns)}/services`, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' }, spec: { type: 'ExternalName', externalName: 'evil.io' } }],
  ['a storage class', 'merge', '/apis/storage.k8s.io/v1/storageclasses/standard', { allowVolumeExpansion: true }],
  ['a lease', 'POST', `${inNs('coordination.k8s.io/v1', 'kube-system')}/leases`, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'x' }, spec: {} }],
];

/** Admission policies cannot judge requests about admission policies: RBAC alone keeps these, and what is refused as invalid first. */
export const policies: Rows = () => [
  ['a certificate to sign', 'POST', '/apis/certificates.k8s.io/v1/certificatesigningrequests', { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'x' }, spec: { request: 'eA==', signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] } }],
  ['a webhook', 'POST', `${ADMISSION}/mutatingwebhookconfigurations`, { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: 'x' }, webhooks: [] }],
  ['its own policy deleted', 'DELETE', `${ADMISSION}/validatingadmissionpolicies/kubernaut-executor-scope`],
  ['its own policy softened', 'merge', `${ADMISSION}/validatingadmissionpolicies/kubernaut-executor-nodes`, { spec: { failurePolicy: 'Ignore' } }],
  ['the binding of its own policy deleted', 'DELETE', `${ADMISSION}/validatingadmissionpolicybindings/kubernaut-executor-scope`],
  ['its own policy made a warning', 'merge', `${ADMISSION}/validatingadmissionpolicybindings/kubernaut-executor-pods`, { spec: { validationActions: ['Warn'] } }],
  ['a policy that marks whatever it wants', 'POST', `${ADMISSION}/mutatingadmissionpolicies`, { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingAdmissionPolicy', metadata: { name: 'x' }, spec: {} }],
];

/** What the reader must not do: a sample of everything above, and what only it could try. */
export const byReader: Rows = (s) => [
  ...deployments(s).filter(([what]) => /restart and a resource|merge patch|deletion|image, JSON/.test(what)),
  ...nodes(s).slice(0, 5), ...rights(s), ...policies(s).slice(1, 3),
  ...pods(s).filter(([what]) => /Ready pod deleted|shell|forwarded|attached|through the API/.test(what)),
  ['a restart', 'merge', `${inNs('apps/v1', s.ns)}/deployments/api`, { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'x' } } } } }],
  ['a scale', 'PUT', `${inNs('apps/v1', s.ns)}/deployments/api/scale`, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'api', namespace: s.ns }, spec: { replicas: 3 } }],
  ['an event', 'POST', `${inNs('events.k8s.io/v1', s.ns)}/events`, { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: `kubernaut.${HASH}` }, eventTime: '2026-03-01T12:00:00.000000Z', reportingController: 'kubernaut.io/remediation', reportingInstance: 'x', type: 'Normal', reason: 'X', action: 'X', note: 'x' }],
  ['an eviction', 'POST', `${inNs('v1', s.ns)}/pods/${s.pod.metadata.name}/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: s.pod.metadata.name, namespace: s.ns }, deleteOptions: { preconditions: { uid: s.pod.metadata.uid } } }],
  ['the roles', 'GET', `${RBAC}/rolebindings?watch=true`],
];

export const byGateway: Rows = (s) => [
  ['the nodes', 'GET', '/api/v1/nodes'],
  ['the namespaces', 'GET', '/api/v1/namespaces'],
  ['the pods', 'GET', `${inNs('v1', s.ns)}/pods`],
  ['a pod\'s log', 'GET', `${inNs('v1', s.ns)}/pods/${s.pod.metadata.name}/log`],
  ['a Deployment', 'GET', `${inNs('apps/v1', s.ns)}/deployments/api`],
  ['the events', 'GET', `${inNs('v1', s.ns)}/events`],
  ['an event', 'POST', `${inNs('events.k8s.io/v1', s.ns)}/events`, { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'x' } }],
  ['the hooks', 'GET', `${inNs('v1', s.ns)}/configmaps/kubernaut-hooks`],
  ...rights(s).slice(0, 4),
  ['a restart', 'merge', `${inNs('apps/v1', s.ns)}/deployments/api`, { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'x' } } } } }],
  ['a cordon', 'merge', '/api/v1/nodes/sandbox-1', { spec: { unschedulable: true } }],
  ['an eviction', 'POST', `${inNs('v1', s.ns)}/pods/${s.pod.metadata.name}/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: s.pod.metadata.name, namespace: s.ns }, deleteOptions: { preconditions: { uid: s.pod.metadata.uid } } }],
];
