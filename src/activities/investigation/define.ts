import type { Static, TObject } from '@sinclair/typebox';
import type { Evidence } from '../../domain/evidence.js';
import type { KubeObject, ObjectRef, World } from '../../domain/kube.js';
import type { Cluster, MetricsReader, Store } from '../../domain/ports.js';
import type { RecallDeps } from '../evidence/recall.js';

/** What a tool may use. It reads; nothing here can write to a cluster but `cluster`, of which no tool calls `apply` or `exec` (test/contract/tools.test.ts). */
export interface ToolContext {
  cluster: Cluster;
  world: World;
  store: Pick<Store, 'putArtifact'>;
  memory: RecallDeps;
  metrics?: MetricsReader;
  /** What this remediation knows. */
  evidence: Evidence;
  /** The object as it is now, of the uid that enrichment read. */
  object: KubeObject;
  ref: ObjectRef & { uid?: string };
  nowMs: number;
  signal?: AbortSignal;
}

export interface Found {
  /** One line for people: `3 of 120 lines, the last: exit code 1`. */
  found: string;
  /** JSON for the model. It is masked and bounded by the caller once more. */
  result: unknown;
  /** What was left out, in words. */
  truncated?: string;
}

/** One read-only look at the cluster or at our memory (docs/decisions/0016). */
export interface ToolDefinition<Id extends string = string, A extends TObject = TObject> {
  id: Id;
  /** For the model: what it tells and when to ask for it. */
  summary: string;
  /** Closed; every argument optional or bounded. No argument names an object. */
  args: A;
  /** Kinds it looks at. Absent: any. */
  kinds?: readonly string[];
  /** What has to be configured for it. */
  needs?: 'metrics';
  /** Throws KubernautError: an answer like any other, apart from StoreUnavailable, which is tried again. */
  run(args: Static<A>, context: ToolContext): Promise<Found> | Found;
}

export const defineTool = <const Id extends string, A extends TObject>(definition: ToolDefinition<Id, A>): ToolDefinition<Id, A> => definition;
