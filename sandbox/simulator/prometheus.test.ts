import { describe, expect, it } from '@jest/globals';
import type { World } from './world.js';
import { metricsText } from './metrics-server.js';
import { imageTableOf } from '../images.js';

const conditions = (type: string, status: string, reason?: string) => ({ conditions: [{ type, status, reason }] });
const meta = (name: string) => ({ namespace: 'shop', name, uid: `uid-${name}` });
const OBJECTS: Record<string, object[]> = {
  Deployment: [{ metadata: meta('api'), spec: { paused: true, replicas: 2 }, status: conditions('Progressing', 'False', 'ProgressDeadlineExceeded') }],
  StatefulSet: [{ metadata: meta('db'), spec: {}, status: { currentRevision: 'db-1', updateRevision: 'db-2' } }],
  Job: [{ metadata: { ...meta('reindex-1'), ownerReferences: [{ kind: 'CronJob', name: 'reindex', controller: true }] }, spec: {}, status: conditions('Failed', 'True') }, { metadata: meta('runs'), spec: {}, status: {} }],
  HorizontalPodAutoscaler: [{ metadata: meta('api'), spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' } }, status: conditions('ScalingLimited', 'True') }],
  Node: [{ metadata: { name: 'w1' }, spec: { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' }] }, status: { ...conditions('Ready', 'Unknown'), capacity: { cpu: '2', 'ephemeral-storage': '1Ki', pods: '7' } } }],
  PersistentVolumeClaim: [{ metadata: meta('data'), spec: { storageClassName: 'fast', volumeName: 'pv1', accessModes: ['ReadWriteOnce'] }, status: { phase: 'Bound' } }],
  Pod: [{
    metadata: meta('api-0'), spec: { nodeName: 'w1', containers: [{ name: 'main', image: 'a:1', resources: { limits: { cpu: '1' } } }] },
    status: {
      phase: 'Pending',
      containerStatuses: [{ name: 'main', image: 'a:1', ready: false, restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { reason: 'Error', exitCode: 7 } } }],
      initContainerStatuses: [{ name: 'wait', image: 'i:1', ready: false, restartCount: 0, state: { running: {} }, lastState: {} }],
    },
  }],
};
const world = { list: (kind: string) => OBJECTS[kind] ?? [], get: () => undefined, images: imageTableOf([]), isAllowed: () => true } as unknown as World;
const lines = metricsText(world, 0).split('\n');

describe('what kube-state-metrics would say', () => {
  it.each([
    'kube_deployment_spec_paused{namespace="shop",deployment="api"} 1',
    'kube_deployment_status_condition{namespace="shop",deployment="api",reason="ProgressDeadlineExceeded",condition="Progressing",status="false"} 1',
    'kube_deployment_status_condition{namespace="shop",deployment="api",reason="ProgressDeadlineExceeded",condition="Progressing",status="true"} 0',
    'kube_statefulset_status_current_revision{namespace="shop",statefulset="db",revision="db-1"} 1',
    'kube_statefulset_status_update_revision{namespace="shop",statefulset="db",revision="db-2"} 1',
    'kube_job_failed{namespace="shop",job_name="reindex-1",condition="true"} 1',
    'kube_job_failed{namespace="shop",job_name="reindex-1",condition="false"} 0',
    'kube_job_owner{namespace="shop",job_name="reindex-1",owner_kind="CronJob",owner_name="reindex",owner_is_controller="true"} 1',
    'kube_job_spec_completions{namespace="shop",job_name="runs"} 1',
    'kube_horizontalpodautoscaler_info{namespace="shop",horizontalpodautoscaler="api",scaletargetref_api_version="apps/v1",scaletargetref_kind="Deployment",scaletargetref_name="api"} 1',
    'kube_horizontalpodautoscaler_status_condition{namespace="shop",horizontalpodautoscaler="api",condition="ScalingLimited",status="true"} 1',
    'kube_node_spec_taint{node="w1",key="node.kubernetes.io/unreachable",value="",effect="NoSchedule"} 1',
    'kube_node_status_condition{node="w1",condition="Ready",status="unknown"} 1',
    'kube_node_status_capacity{node="w1",resource="ephemeral_storage",unit="byte"} 1024',
    'kube_node_status_capacity{node="w1",resource="pods",unit="integer"} 7',
    'kube_persistentvolumeclaim_info{namespace="shop",persistentvolumeclaim="data",storageclass="fast",volumename="pv1"} 1',
    'kube_persistentvolumeclaim_access_mode{namespace="shop",persistentvolumeclaim="data",access_mode="ReadWriteOnce"} 1',
    'kube_pod_container_status_waiting{namespace="shop",pod="api-0",uid="uid-api-0",container="main"} 1',
    'kube_pod_container_status_waiting_reason{namespace="shop",pod="api-0",uid="uid-api-0",container="main",reason="CrashLoopBackOff"} 1',
    'kube_pod_container_status_last_terminated_exitcode{namespace="shop",pod="api-0",uid="uid-api-0",container="main"} 7',
    'kube_pod_init_container_status_running{namespace="shop",pod="api-0",uid="uid-api-0",container="wait"} 1',
    'kube_pod_container_resource_limits{namespace="shop",pod="api-0",uid="uid-api-0",container="main",node="w1",resource="cpu",unit="core"} 1',
  ])('%s', (line) => expect(lines).toContain(line));

  it('says nothing of an end that a Job did not come to', () => {
    expect(lines.filter((line) => /^kube_job_(failed|complete)\{.*runs/.test(line))).toEqual([]);
  });
});
