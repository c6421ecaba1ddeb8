import { describe, expect, it } from '@jest/globals';
import { ago, container, deployment, event, evidenceOf, log, node, object, pod, problem, service, NS } from '../../test/support/kube-objects.js';
import type { KubeObject } from '../domain/kube.js';
import { diagnoseAll } from './index.js';

type Any = Record<string, any>;

describe('names', () => {
  const SILENT = 'dial tcp: lookup db on 10.96.0.10:53: read udp 10.1.0.5:41234->10.96.0.10:53: i/o timeout';
  const dns = (pods: Any[], replicas = pods.length): KubeObject[] => {
    const { deployment: d, sets } = deployment('coredns', [{ available: pods.length }], { completed: true, replicas });
    const all = [d, ...sets, ...pods.map((p) => pod(sets[0]!, p))];
    for (const o of all) o.metadata.namespace = 'kube-system';
    return all;
  };
  const crashed = { ready: true, restarts: 3, last: { reason: 'Error', exitCode: 2, finishedAt: ago(30) } };
  const app = (line: string, others: KubeObject[], more: Any = {}) => {
    const { deployment: d, sets } = deployment('app', [{ podSpec: { containers: [container({ env: [{ name: 'DB', value: 'db:5432' }] })] } }], { completed: true });
    const p = pod(sets[0]!, { waiting: { reason: 'CrashLoopBackOff' }, restarts: 2, last: { reason: 'Error', exitCode: 1 } });
    const db = service('db', { ports: [{ port: 5432 }] });
    const back = deployment('db', [{ available: 1, podSpec: { containers: [container({ ports: [{ containerPort: 5432 }] })] } }], { completed: true, replicas: 1 });
    return diagnoseAll(evidenceOf(d, [sets, p, db, back.deployment, back.sets, pod(back.sets[0]!, { ready: true }), others], { logs: [log(p, [line])], ...more }));
  };
  const egress = (rules: Any[]): KubeObject => object('networking.k8s.io/v1', 'NetworkPolicy', 'only-db', { spec: { podSelector: {}, policyTypes: ['Egress'], egress: rules } });
  const toDb = { to: [{ podSelector: {} }], ports: [{ port: 5432 }] };

  it('an egress policy that forgot port 53', () => {
    const [first] = app(SILENT, [egress([toDb]), ...dns([{ ready: true }, { ready: true }])]);
    expect(first).toMatchObject({ analyzer: 'dns_blocked', cause: 'network_policy.blocks_dns', target: { kind: 'NetworkPolicy', name: 'only-db' }, proposals: [] });
    expect(first?.edit).toContain('"ports":[{"protocol":"UDP","port":53}');
  });

  it.each<[string, string, KubeObject[]]>([
    ['a rule for port 53', SILENT, [egress([toDb, { ports: [{ port: 53, protocol: 'UDP' }] }])]],
    ['a rule for all ports', SILENT, [egress([{ to: [{ podSelector: {} }] }])]],
    ['an answer that there is no such name', 'dial tcp: lookup db on 10.96.0.10:53: no such host', [egress([toDb])]],
  ])('near miss: %s', (_what, line, others) => expect(app(line, others).map((f) => f.analyzer)).not.toContain('dns_blocked'));

  it.each<[string, Any[], number, string, Any]>([
    ['is down: the root is the name service', [{ waiting: { reason: 'CrashLoopBackOff' }, last: { reason: 'Error', exitCode: 1 } }], 2, 'dns.down', { conclusion: 'needs_person', target: { kind: 'Deployment', namespace: 'kube-system', name: 'coredns' } }],
    ['has one pod', [{ ready: true }], 1, 'dns.single', { edit: 'kubectl scale deployment/coredns -n kube-system --replicas=2' }],
    ['keeps failing', [crashed, { ready: true }], 2, 'dns.failing', { proposals: [{ action: 'restart_network', parameters: { component: 'coredns', kind: 'Deployment', namespace: 'kube-system', name: 'coredns' } }] }],
  ])('the name service %s', (_what, pods, replicas, cause, expected) => {
    expect(app(SILENT, dns(pods, replicas), { problems: [problem('CoreDNSErrorsHigh')] })[0]).toMatchObject({ analyzer: 'dns_down', cause, ...expected });
  });

  it('near miss: no alert speaks of it, its crash is a day old, or nobody complains', () => {
    const old = { ready: true, restarts: 3, last: { reason: 'Error', exitCode: 2, finishedAt: ago(86_400) } };
    const about = { problems: [problem('CoreDNSErrorsHigh')] };
    for (const findings of [app(SILENT, dns([crashed, { ready: true }])), app(SILENT, dns([old, { ready: true }]), about), app('panic: nil', dns([crashed, { ready: true }]), about)]) {
      expect(findings.map((f) => f.analyzer)).not.toContain('dns_down');
    }
  });
});

describe('roads from outside', () => {
  const ingress = (name: string, port: Any): KubeObject =>
    object('networking.k8s.io/v1', 'Ingress', 'web', { spec: { ingressClassName: 'nginx', rules: [{ host: 'a.example', http: { paths: [{ path: '/', backend: { service: { name, port } } }] } }] }, status: {} });
  const web = () => {
    const { deployment: d, sets } = deployment('web', [{ available: 2 }], { completed: true });
    return { d, all: [...sets, pod(sets[0]!, { ready: true }), pod(sets[0]!, { ready: true }), service('web', { ports: [{ name: 'http', port: 80, targetPort: 8080 }] })] };
  };

  it.each<[string, KubeObject, string, RegExp]>([
    ['a Service that is not there', ingress('webb', { number: 80 }), 'ingress.no_service', /"path":"\/spec\/rules\/0\/http\/paths\/0\/backend\/service\/name","value":"web"/],
    ['a port that it does not have', ingress('web', { number: 8081 }), 'ingress.wrong_port', /"value":\{"number":80\}/],
    ['a port name that it does not have', ingress('web', { name: 'https' }), 'ingress.wrong_port', /"value":\{"number":80\}/],
  ])('an Ingress to %s', (_what, i, cause, edit) => {
    const { d, all } = web();
    const [first] = diagnoseAll(evidenceOf(i, [d, all]));
    expect(first).toMatchObject({ analyzer: 'ingress_broken', cause, conclusion: 'needs_person' });
    expect(first?.edit).toMatch(edit);
  });

  it('seen from the healthy workload behind it, it still says more than "healthy"', () => {
    const { d, all } = web();
    expect(diagnoseAll(evidenceOf(d, [all, ingress('web', { number: 8081 })]))[0]).toMatchObject({ cause: 'ingress.wrong_port' });
  });

  it('an Ingress that no controller takes up', () => {
    const { d, all } = web();
    const i = ingress('web', { number: 80 });
    delete i.spec.ingressClassName;
    expect(diagnoseAll(evidenceOf(i, [d, all]))[0]).toMatchObject({ cause: 'ingress.no_class' });
    i.status = { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } };
    expect(diagnoseAll(evidenceOf(i, [d, all])).map((f) => f.analyzer)).not.toContain('ingress_broken');
  });

  it('near miss: a right road, and one to somebody else', () => {
    const { d, all } = web();
    for (const i of [ingress('web', { name: 'http' }), ingress('other', { number: 80 })].map((one, n) => Object.assign(one, { metadata: { ...one.metadata, name: `i-${n}` } }))) {
      expect(diagnoseAll(evidenceOf(d, [all, i]))[0]?.cause).toBe('healthy');
    }
  });

  const balancer = (status: Any = {}, agoS = 10) => {
    const s = service('public', { type: 'LoadBalancer', selector: { app: 'web' } }, { creationTimestamp: ago(agoS) });
    s.status = { loadBalancer: status };
    return s;
  };

  it('a load balancer whose provider refuses, or that nobody serves', () => {
    const s = balancer();
    expect(diagnoseAll(evidenceOf(s, [], { events: [event(s, 'SyncLoadBalancerFailed', 'failed to ensure load balancer: quota')] }))[0]).toMatchObject({ cause: 'load_balancer.refused' });
    expect(diagnoseAll(evidenceOf(balancer({}, 900), []))[0]).toMatchObject({ cause: 'load_balancer.nobody_serves_it', edit: expect.stringContaining('NodePort') });
    const { d, all } = web();
    const old = balancer({}, 900);
    expect(diagnoseAll(evidenceOf(d, [all, old], { problems: [problem('NoAddress', { labels: { service: 'public' } })] }))[0]).toMatchObject({ cause: 'load_balancer.nobody_serves_it' });
  });

  it('near miss: it has an address, is young, or is not what the alert is about', () => {
    const { d, all } = web();
    for (const evidence of [evidenceOf(balancer({ ingress: [{ ip: '1.2.3.4' }] }, 900), []), evidenceOf(balancer({}, 60), []), evidenceOf(d, [all, balancer({}, 900)])]) {
      expect(diagnoseAll(evidence).map((f) => f.analyzer)).not.toContain('load_balancer_pending');
    }
  });
});

describe('one of many', () => {
  const named = (name: string): Any => ({ problems: [problem('HighErrorRate', { labels: { pod: name } })] });
  const crowd = (bad: Any, others: Any = {}) => {
    const { deployment: d, sets } = deployment('pay', [{ available: 4 }], { completed: true, replicas: 4 });
    return { d, all: [...sets, pod(sets[0]!, { ready: true, name: 'pay-bad', ...bad }), ...[1, 2, 3].map(() => pod(sets[0]!, { ready: true, ...others }))] };
  };
  const scar = { restarts: 2, last: { reason: 'Error', exitCode: 2 } };

  it('a Ready pod that an alert names and that has crashed, among siblings that have not, is set aside', () => {
    const { d, all } = crowd(scar);
    expect(diagnoseAll(evidenceOf(d, [all], named('pay-bad')))[0]).toMatchObject({ analyzer: 'bad_pod', proposals: [{ action: 'quarantine_pod', parameters: { namespace: NS, pod: 'pay-bad' } }] });
  });

  it.each<[string, Any, Any, Any]>([
    ['the alert alone', {}, {}, named('pay-bad')],
    ['siblings with the same scar', scar, scar, named('pay-bad')],
    ['an alert that names two pods', scar, {}, { problems: [problem('HighErrorRate', { labels: { pod: 'pay-bad' } }), problem('HighErrorRate', { labels: { pod: 'pay-xx1' } })] }],
    ['an alert about something else', scar, {}, { problems: [problem('KubePodNotReady', { labels: { pod: 'pay-bad' } })] }],
    ['a pod that is not Ready: it serves nobody', { ...scar, ready: false }, {}, named('pay-bad')],
  ])('near miss: %s', (_what, bad, others, more) => {
    const { d, all } = crowd(bad, others);
    expect(diagnoseAll(evidenceOf(d, [all], more)).map((f) => f.analyzer)).not.toContain('bad_pod');
  });

  const broken = { waiting: { reason: 'CrashLoopBackOff' }, restarts: 3, last: { reason: 'Error', exitCode: 1 } };
  const spread = (name: string, bad: Any = broken, onB: Any = { ready: true }) => {
    const { deployment: d, sets } = deployment(name, [{ ageS: 9000 }, { available: 1, podSpec: { containers: [container({ image: `${name}:2` })] } }], { completed: true });
    return { d, all: [d, ...sets, pod(sets[1]!, { ...bad, nodeName: 'a' }), pod(sets[1]!, { ...onB, nodeName: 'b' })] };
  };

  it('a node on which two workloads fail that are well elsewhere: the pods move, the release stays', () => {
    const { d, all } = spread('api');
    const findings = diagnoseAll(evidenceOf(d, [all, spread('worker').all, node('a'), node('b')]));
    expect(findings[0]).toMatchObject({ analyzer: 'bad_node', proposals: [{ action: 'migrate_workload', parameters: { namespace: NS, workload: 'api', kind: 'Deployment', fromNode: 'a' } }] });
    expect(diagnoseAll(evidenceOf(node('a'), [all, spread('worker').all, node('b')]))[0]).toMatchObject({ cause: 'node.pods_fail', proposals: [{ action: 'cordon_node' }] });
  });

  it.each<[string, Any, Any]>([
    ['it fails on the other node as well', broken, broken],
    ['its image cannot be pulled, wherever', { waiting: { reason: 'ImagePullBackOff', message: 'not found' } }, { ready: true }],
    ['it is merely not Ready yet', {}, { ready: true }],
  ])('near miss: %s', (_what, bad, onB) => {
    const { d, all } = spread('api', bad, onB);
    expect(diagnoseAll(evidenceOf(d, [all, spread('worker').all, node('a'), node('b')])).map((f) => f.analyzer)).not.toContain('bad_node');
  });

  it('near miss: one pod of one workload is the pod’s story', () => {
    const { d, all } = spread('api');
    expect(diagnoseAll(evidenceOf(d, [all, node('a'), node('b')])).map((f) => f.analyzer)).not.toContain('bad_node');
  });
});

describe('budgets and databases', () => {
  const budget = (status: Any, spec: Any = {}, name = 'queue') =>
    object('policy/v1', 'PodDisruptionBudget', name, { spec: { minAvailable: 2, selector: { matchLabels: { app: 'queue' } }, ...spec }, status });
  const queue = () => {
    const { deployment: d, sets } = deployment('queue', [{ available: 2 }], { completed: true });
    return [d, ...sets, pod(sets[0]!, { ready: true, nodeName: 'a' }), pod(sets[0]!, { ready: true, nodeName: 'a' })];
  };
  const closed = { expectedPods: 2, currentHealthy: 2, desiredHealthy: 2, disruptionsAllowed: 0 };

  it.each<[string, KubeObject, KubeObject[], string, RegExp]>([
    ['lets nobody go', budget(closed), queue(), 'budget.allows_nothing', /"maxUnavailable":1/],
    ['is one of two', budget(closed), [...queue(), budget(closed, {}, 'other')], 'budget.several', /^kubectl delete poddisruptionbudget\/other/],
    ['selects nothing', budget({ expectedPods: 0 }, { selector: { matchLabels: { app: 'q' } } }), queue(), 'budget.selects_nothing', /"value":\{"matchLabels":\{"app":"queue"\}\}/],
  ])('a budget that %s', (_what, target, others, cause, edit) => {
    const [first] = diagnoseAll(evidenceOf(target, others));
    expect(first).toMatchObject({ analyzer: 'disruption_budget', cause, conclusion: 'needs_person' });
    expect(first?.edit).toMatch(edit);
  });

  it('a cordoned node that a budget keeps full', () => {
    const cordoned = node('a', { spec: { unschedulable: true } });
    expect(diagnoseAll(evidenceOf(cordoned, [queue(), budget(closed)]))[0]).toMatchObject({ cause: 'budget.blocks_drain', target: { kind: 'PodDisruptionBudget' } });
    expect(diagnoseAll(evidenceOf(cordoned, [queue(), budget({ ...closed, disruptionsAllowed: 1 })]))[0]).toMatchObject({ cause: 'node.cordon_foreign' });
  });

  it('near miss: a budget that has room, or waits for pods that are ill', () => {
    for (const status of [{ ...closed, disruptionsAllowed: 1 }, { ...closed, currentHealthy: 1 }]) {
      expect(diagnoseAll(evidenceOf(budget(status), queue())).map((f) => f.analyzer)).not.toContain('disruption_budget');
    }
  });

  const cluster = (status: Any = {}) => object('postgresql.cnpg.io/v1', 'Cluster', 'pg', { spec: { instances: 2 }, status: { currentPrimary: 'pg-1', targetPrimary: 'pg-1', ...status } });
  const members = (c: KubeObject, primary: Any, replica: Any = { ready: true, nodeName: 'b' }) => [pod(c, { name: 'pg-1', nodeName: 'a', ready: true, ...primary }), pod(c, { name: 'pg-2', ...replica })];

  it('a primary on a failing node gives way to a replica on a sound one', () => {
    const c = cluster();
    expect(diagnoseAll(evidenceOf(c, [members(c, {}), node('a', { pressure: 'DiskPressure' }), node('b')]))[0]).toMatchObject({ analyzer: 'database_primary', proposals: [{ action: 'failover_database', parameters: { namespace: NS, cluster: 'pg', kind: 'Cluster' } }] });
  });

  it('by Patroni’s labels as well', () => {
    const s = object('apps/v1', 'StatefulSet', 'pg', { spec: { replicas: 2, template: { metadata: { labels: {} }, spec: { containers: [container()] } } }, status: {} });
    const [p, r] = members(s, {});
    for (const [one, role] of [[p!, 'master'], [r!, 'replica']] as const) Object.assign(one.metadata, { labels: { role }, annotations: { status: `{"role":"${role}"}` } });
    expect(diagnoseAll(evidenceOf(s, [p!, r!, node('a', { pressure: 'DiskPressure' }), node('b')])).find((f) => f.analyzer === 'database_primary')).toMatchObject({ proposals: [{ parameters: { kind: 'StatefulSet' } }] });
  });

  it.each<[string, Any, Any, Any | undefined, string, string]>([
    ['no replica on a sound node', {}, {}, { ready: true, nodeName: 'a' }, 'database.primary_at_risk', 'needs_person'],
    ['a dead primary is its operator’s', { ready: false, ageS: 20 }, {}, undefined, 'database.failing_over', 'inconclusive'],
    ['which may not get to it', { ready: false, ageS: 900 }, {}, undefined, 'database.primary_down', 'needs_person'],
    ['or moves it just now', { ready: false, ageS: 900 }, { targetPrimary: 'pg-2' }, undefined, 'database.failing_over', 'inconclusive'],
  ])('nothing is switched: %s', (_what, primary, status, replica, cause, conclusion) => {
    const c = cluster(status);
    const findings = diagnoseAll(evidenceOf(c, [members(c, primary, replica), node('a', { pressure: 'DiskPressure' }), node('b')]));
    expect(findings.find((f) => f.analyzer === 'database_primary')).toMatchObject({ cause, conclusion, proposals: [] });
  });

  it('near miss: both nodes are well, or it is on its way already', () => {
    for (const [status, pressure] of [[{}, undefined], [{ targetPrimary: 'pg-2' }, 'DiskPressure']] as const) {
      const c = cluster(status);
      expect(diagnoseAll(evidenceOf(c, [members(c, {}), node('a', { pressure }), node('b')])).map((f) => f.analyzer)).not.toContain('database_primary');
    }
  });
});
