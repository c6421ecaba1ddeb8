import type { KubeNode } from '../simulator/kube-types.js';
import { labelsOf, type Rule } from './rule.js';

const conditionOf = (node: KubeNode, type: string): string | undefined => node.status?.conditions?.find((one) => one.type === type)?.status;

export const nodeNotReady: Rule = {
  alertname: 'KubeNodeNotReady',
  severity: 'warning',
  forMs: 2000,
  active: (view) =>
    view
      .list('Node')
      .filter((node) => conditionOf(node, 'Ready') !== undefined && conditionOf(node, 'Ready') !== 'True')
      .map((node) => ({
        labels: labelsOf({ node: node.metadata.name, condition: 'Ready' }),
        annotations: { summary: 'Node is not ready.', description: `${node.metadata.name} has been unready for longer than expected.` },
      })),
};

export const nodeUnreachable: Rule = {
  alertname: 'KubeNodeUnreachable',
  severity: 'warning',
  forMs: 2000,
  active: (view) =>
    view
      .list('Node')
      .filter((node) => node.spec?.taints?.some((taint) => taint.key === 'node.kubernetes.io/unreachable'))
      .map((node) => ({
        labels: labelsOf({ node: node.metadata.name, key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' }),
        annotations: { summary: 'Node is unreachable.', description: `${node.metadata.name} is unreachable and some workloads may be rescheduled.` },
      })),
};

const pressures = ['MemoryPressure', 'DiskPressure', 'PIDPressure'];

export const nodePressure: Rule = {
  alertname: 'KubeNodePressure',
  severity: 'info',
  forMs: 2000,
  active: (view) =>
    view.list('Node').flatMap((node) =>
      pressures
        .filter((condition) => conditionOf(node, condition) === 'True')
        .map((condition) => ({
          labels: labelsOf({ node: node.metadata.name, condition }),
          annotations: { summary: 'Node has as active Condition.', description: `${node.metadata.name} has active Condition ${condition}.` },
        })),
    ),
};
