/** Search attributes of a remediation (architecture.md 5). SQL visibility allows 10 Keyword and 3 of every other type per namespace. */
export const SEARCH_ATTRIBUTES = {
  KubernautPhase: 'KEYWORD',
  KubernautOutcome: 'KEYWORD',
  KubernautSeverity: 'KEYWORD',
  KubernautCluster: 'KEYWORD',
  KubernautNamespace: 'KEYWORD',
  KubernautTarget: 'KEYWORD',
  KubernautAlert: 'KEYWORD',
  KubernautAction: 'KEYWORD',
  KubernautEnvironment: 'KEYWORD',
  KubernautConfidence: 'DOUBLE',
  KubernautEffectiveness: 'DOUBLE',
  KubernautAwaitingApproval: 'BOOL',
} as const;

export type SearchAttributeName = keyof typeof SEARCH_ATTRIBUTES;
