const READS = ['get', 'list', 'watch'];
const CONTROL_PLANE = ['system:apiserver', 'system:kube-controller-manager', 'system:kube-scheduler'];

/**
 * What the API server writes into the audit log, the independent ledger of who changed what. First rule that fits wins.
 * Heartbeats and the control plane's own reads would drown the rest and say nothing.
 */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  omitManagedFields: true,
  rules: [
    { level: 'None', resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }] },
    { level: 'None', nonResourceURLs: ['*'] },
    { level: 'None', verbs: READS, users: CONTROL_PLANE },
    { level: 'None', verbs: READS, userGroups: ['system:serviceaccounts:kube-system'] },
    { level: 'Metadata', verbs: READS },
    // Bodies of these carry credentials.
    {
      level: 'Metadata',
      resources: [
        { group: '', resources: ['secrets', 'serviceaccounts/token'] },
        { group: 'authentication.k8s.io', resources: ['tokenreviews'] },
      ],
    },
    { level: 'Request' },
  ],
};
