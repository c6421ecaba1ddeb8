import { join } from 'node:path';

/** Every file of one control plane under its data folder. */
export interface ControlPlanePaths {
  etcd: string;
  pki: string;
  logs: string;
  ports: string;
  auditPolicy: string;
  auditLog: string;
  kubeconfig: string;
  simulatorKubeconfig: string;
  kcmKubeconfig: string;
  schedulerKubeconfig: string;
  schedulerConfig: string;
  /** Where the API server would write certificates of its own; it insists on the folder. */
  certDir: string;
}

export function controlPlanePaths(dataDir: string): ControlPlanePaths {
  const at = (...parts: string[]): string => join(dataDir, ...parts);
  return {
    etcd: at('etcd'),
    pki: at('pki'),
    logs: at('logs'),
    ports: at('ports.json'),
    auditPolicy: at('audit-policy.json'),
    auditLog: at('audit', 'audit.log'),
    kubeconfig: at('kubeconfig'),
    simulatorKubeconfig: at('simulator.kubeconfig'),
    kcmKubeconfig: at('kcm.kubeconfig'),
    schedulerKubeconfig: at('scheduler.kubeconfig'),
    schedulerConfig: at('scheduler-config.json'),
    certDir: at('certs'),
  };
}

export interface ControlPlanePorts {
  api: number;
  etcdClient: number;
  etcdPeer: number;
}

export function etcdFlags(paths: ControlPlanePaths, ports: ControlPlanePorts): string[] {
  return [
    `--data-dir=${paths.etcd}`,
    `--client-url=http://127.0.0.1:${ports.etcdClient}`,
    `--peer-url=http://127.0.0.1:${ports.etcdPeer}`,
  ];
}

export function apiserverFlags(paths: ControlPlanePaths, ports: ControlPlanePorts): string[] {
  const pki = (file: string): string => join(paths.pki, file);
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcdClient}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${ports.api}`,
    `--cert-dir=${paths.certDir}`,
    `--tls-cert-file=${pki('server.crt')}`,
    `--tls-private-key-file=${pki('server.key')}`,
    `--client-ca-file=${pki('ca.crt')}`,
    `--service-account-key-file=${pki('sa.pub')}`,
    `--service-account-signing-key-file=${pki('sa.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=RBAC',
    '--endpoint-reconciler-type=none',
    '--allow-privileged=true',
    // An APIService on an ExternalName Service reaches a local server, which knows us by this certificate.
    `--requestheader-client-ca-file=${pki('front-proxy-ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${pki('front-proxy-client.crt')}`,
    `--proxy-client-key-file=${pki('front-proxy-client.key')}`,
    // Simulated kubelets listen on loopback, each on the port its node names.
    '--kubelet-preferred-address-types=InternalIP',
    '--max-requests-inflight=1200',
    '--max-mutating-requests-inflight=600',
    '--shutdown-delay-duration=0s',
    '--profiling=false',
    `--audit-policy-file=${paths.auditPolicy}`,
    `--audit-log-path=${paths.auditLog}`,
    '--audit-log-format=json',
    '--audit-log-mode=blocking',
    '--audit-log-maxsize=64',
    '--audit-log-maxbackup=2',
  ];
}

/** Times are a tenth of a real cluster's, so that a fault shows within seconds. */
export function kcmFlags(paths: ControlPlanePaths): string[] {
  return [
    `--kubeconfig=${paths.kcmKubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    `--root-ca-file=${join(paths.pki, 'ca.crt')}`,
    `--service-account-private-key-file=${join(paths.pki, 'sa.key')}`,
    '--use-service-account-credentials=true',
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    '--node-monitor-period=2s',
    '--node-monitor-grace-period=12s',
    '--node-startup-grace-period=12s',
    '--horizontal-pod-autoscaler-sync-period=3s',
    '--horizontal-pod-autoscaler-downscale-stabilization=10s',
    '--horizontal-pod-autoscaler-cpu-initialization-period=1s',
    '--horizontal-pod-autoscaler-initial-readiness-delay=1s',
    '--pvclaimbinder-sync-period=2s',
    '--resource-quota-sync-period=10s',
    '--profiling=false',
  ];
}

export function schedulerFlags(paths: ControlPlanePaths): string[] {
  return [`--config=${paths.schedulerConfig}`, '--secure-port=0'];
}

/** Short back-off: a pod that could not be placed is tried again soon after a fix. */
export function schedulerConfig(paths: ControlPlanePaths): object {
  return {
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    clientConnection: { kubeconfig: paths.schedulerKubeconfig, qps: 200, burst: 400 },
    leaderElection: { leaderElect: false },
    podInitialBackoffSeconds: 1,
    podMaxBackoffSeconds: 3,
  };
}
