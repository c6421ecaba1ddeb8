import type { Evidence } from '../domain/evidence.js';
import type { World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';

export interface AnalyzerDefinition<Id extends string = string> {
  id: Id;
  summary: string;
  /** What it reads, for the docs: `pods`, `replicasets`, `events`. */
  looksAt: readonly string[];
  /** Pure over evidence; `world` is a view over `evidence.objects`. No finding when it has nothing to say. */
  diagnose(evidence: Evidence, world: World): Finding[];
}

export const defineAnalyzer = <const Id extends string>(definition: AnalyzerDefinition<Id>): AnalyzerDefinition<Id> => definition;
