import { DEBUG_ENV } from '../../../src/actions/debug-env.js';
import { podsOf, refOf, type KubeObject } from '../../../src/domain/kube.js';
import { deploymentOf, edited, replicaSetOf, threeNodes } from '../objects.js';
import type { ActionCase, LiveCase, Refusal } from './action-case.js';
import { deploymentPath, deploymentRef, isAvailable, objectIn } from './stage.js';

const deployment = deploymentOf('api', { annotations: { [DEBUG_ENV]: 'api:LOG_LEVEL=debug' } });
const set = replicaSetOf(deployment, 1, { available: 2 });
const env = (value: unknown) => [{ path: ['spec', 'template', 'spec', 'containers', '0', 'env'], after: value }];

const IMAGE = `registry.example/debug@sha256:${'a'.repeat(64)}`;
const allowing = (debugImages: unknown) => ({ actions: { enable_debug_mode: { debugImages } } });

const spoilt = (change: (o: KubeObject) => unknown): Refusal['spoil'] => (objects, { ref }) => void change(objectIn(objects, ref));
const declares = (text: string | undefined) => spoilt((o) => ((o.metadata.annotations ??= {})[DEBUG_ENV] = text as string));
const containerOf = (o: KubeObject) => o.spec.template.spec.containers[0];

const POWERFUL = [
  'LD_PRELOAD', 'LD_LIBRARY_PATH', 'DYLD_INSERT_LIBRARIES', 'PATH', 'path', 'CLASSPATH', 'NODE_OPTIONS', 'NODE_PATH', 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS',
  'JAVA_OPTS', 'CATALINA_OPTS', 'PYTHONPATH', 'PYTHONSTARTUP', 'PYTHONINSPECT', 'RUBYOPT', 'RUBYLIB', 'PERL5LIB', 'PERL5OPT', 'BASH_ENV', 'ENV', 'GODEBUG', 'GOFLAGS', 'DOTNET_STARTUP_HOOKS',
  'CORECLR_PROFILER', 'GCONV_PATH', 'GLIBC_TUNABLES', 'PROMPT_COMMAND', 'HTTPS_PROXY', 'http_proxy', 'PHP_INI_SCAN_DIR', 'LUA_INIT', 'OPENSSL_CONF', 'SSL_CERT_FILE', 'KUBERNETES_SERVICE_HOST',
  'API_KEY', 'DB_PASSWORD', 'ACCESS_TOKEN', 'CLIENT_SECRET',
];

const ttls = ['', '0s', '61m', '3601s', '2h', '1d', '30', '-5m', '1.5m', '1h30m', 'forever'].map((ttl): Refusal => ({ when: `ttl is ${JSON.stringify(ttl)}`, code: 'InvalidParams', params: () => ({ ttl }) }));
const smuggled = ['command', 'image', 'env', 'value', 'privileged', 'container'].map((key): Refusal => ({ when: `${key} is given`, code: 'InvalidParams', params: () => ({ [key]: 'x' }) }));

const declared: LiveCase = {
  name: 'declared variable',
  async prepare(stage) {
    const ns = await stage.namespace();
    await stage.images(ns, `  - { image: "${ns}/api:1", logs: ["level=debug msg=ready"] }\n`);
    const variables = [{ name: 'LOG_LEVEL', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } } }, { name: 'DB_PASSWORD', value: `secret-of-${ns}` }];
    await stage.deploy(ns, { annotations: { [DEBUG_ENV]: 'api:LOG_LEVEL=debug' }, container: { env: variables } });
    await stage.seen(isAvailable(ns, 2));
    return {
      ref: deploymentRef(ns), params: { namespace: ns, workload: 'api', ttl: '10m' }, writes: ['patch deployments'], picture: (o) => o.spec,
      edit: () => stage.person(deploymentPath(ns), { spec: { template: { spec: { containers: [{ name: 'api', env: [{ name: 'LOG_LEVEL', value: 'trace', valueFrom: null }] }] } } } }, 'strategic'),
    };
  },
  refusals: [
    { when: 'ttl is absent', code: 'InvalidParams', params: () => ({ ttl: undefined }) },
    ...ttls,
    ...smuggled,
    { when: 'both a workload and a pod are named', code: 'NotGrounded', params: () => ({ pod: 'api' }) },
    { when: 'neither is named', code: 'NotGrounded', params: () => ({ workload: undefined }) },
    { when: 'no switch is declared', code: 'PreconditionChanged', spoil: declares(undefined) },
    ...['LOG_LEVEL=debug', 'api:LOG_LEVEL', 'api:LOG_LEVEL=', 'api:LOG LEVEL=debug', 'api:LOG_LEVEL=$(DB_PASSWORD)', 'api:LOG_LEVEL=a b', 'api:LOG_LEVEL="debug"', 'api:1=debug', 'api,web:A=b'].map(
      (text): Refusal => ({ when: `what is declared is ${text}`, code: 'PreconditionChanged', spoil: declares(text) }),
    ),
    ...POWERFUL.map((name): Refusal => ({ when: `what is declared is ${name}`, code: 'PolicyDenied', spoil: declares(`api:${name}=debug`) })),
    { when: 'the declared container is not there', code: 'InvalidParams', spoil: declares('web:LOG_LEVEL=debug') },
    { when: 'the variable holds a secret', code: 'PreconditionChanged', spoil: spoilt((o) => (containerOf(o).env[0] = { name: 'LOG_LEVEL', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } })) },
    { when: 'it does not roll', code: 'PreconditionChanged', spoil: spoilt((o) => (o.spec.strategy = { type: 'Recreate' })) },
    { when: 'it is paused', code: 'PreconditionChanged', spoil: spoilt((o) => (o.spec.paused = true)) },
    { when: 'its template was not rolled out yet', code: 'PreconditionChanged', spoil: spoilt((o) => (containerOf(o).image = 'other:1')) },
    { when: 'a rollout moves', code: 'PreconditionChanged', spoil: spoilt((o) => (o.metadata.generation = 99)) },
  ],
};

/** As the strictest Pod Security Standard wants it. */
const restricted = { securityContext: { runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } } };

const guest: LiveCase = {
  name: 'debug container',
  async prepare(stage) {
    const ns = await stage.namespace({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    await stage.deploy(ns, { container: restricted });
    const owner = await stage.seen(isAvailable(ns, 2));
    const one = podsOf(stage.cluster.world(), owner)[0]!;
    return {
      ref: refOf(one), params: { namespace: ns, pod: one.metadata.name, ttl: '10m' }, policy: allowing([IMAGE]), writes: ['patch pods/ephemeralcontainers'],
      picture: (o) => o.spec,
    };
  },
  refusals: [
    { when: 'ttl is absent', code: 'InvalidParams', params: () => ({ ttl: undefined }) },
    ...ttls,
    ...smuggled,
    { when: 'no image is allowed', code: 'PolicyDenied', policy: () => ({ actions: {} }) },
    { when: 'the list of images is empty', code: 'PolicyDenied', policy: () => allowing([]) },
    { when: 'an image is named by tag', code: 'PolicyDenied', policy: () => allowing([IMAGE, 'busybox:1.36']) },
    { when: 'an image has a short digest', code: 'PolicyDenied', policy: () => allowing(['busybox@sha256:abc']) },
    { when: 'the pod is static', code: 'PreconditionChanged', spoil: spoilt((o) => ((o.metadata.annotations ??= {})['kubernetes.io/config.mirror'] = 'x')) },
    { when: 'the pod has ended', code: 'PreconditionChanged', spoil: spoilt((o) => (o.status.phase = 'Failed')) },
    { when: 'the pod goes', code: 'PreconditionChanged', spoil: spoilt((o) => (o.metadata.deletionTimestamp = new Date().toISOString())) },
    ...['hostNetwork', 'hostPID', 'hostIPC'].map((key): Refusal => ({ when: `it has ${key}`, code: 'PolicyDenied', spoil: spoilt((o) => (o.spec[key] = true)) })),
    { when: 'its container is privileged', code: 'PolicyDenied', spoil: spoilt((o) => (o.spec.containers[0].securityContext.privileged = true)) },
    { when: 'nothing runs in it', code: 'PreconditionChanged', spoil: spoilt((o) => (o.status.containerStatuses[0].state = { waiting: { reason: 'CrashLoopBackOff' } })) },
    { when: 'the level of its namespace forbids it', code: 'PolicyDenied', spoil: spoilt((o) => (o.spec.containers[0].securityContext.allowPrivilegeEscalation = true)) },
    { when: 'one of ours runs there', code: 'PreconditionChanged', spoil: spoilt((o) => (o.status.ephemeralContainerStatuses = [{ name: 'kb-000000000000', state: { running: {} } }])) },
  ],
};

export const enableDebugMode: ActionCase = {
  fixture: {
    object: deployment, others: [set, ...threeNodes()], params: { namespace: 'shop', workload: 'api', ttl: '30m' },
    satisfied: { object: edited(deployment, env([{ name: 'LOG_LEVEL', value: 'debug' }])) },
  },
  live: [declared, guest],
};
