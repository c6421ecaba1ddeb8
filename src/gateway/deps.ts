import type { TObject } from '@sinclair/typebox';
import type { Permission } from '../actions/define.js';
import type { Logger } from '../adapters/telemetry/logger.js';
import type { Metrics } from '../adapters/telemetry/metrics.js';
import type { Config } from '../config/schema.js';
import type { World } from '../domain/kube.js';
import type { RemediateInput } from '../domain/messages.js';
import type { Policy } from '../domain/policy.js';
import type { Store } from '../domain/ports.js';
import type { Storm } from '../domain/storm.js';
import type { TargetHint } from '../domain/signal.js';
import type { Target } from '../domain/target.js';
import type { Documents } from './documents-port.js';
import type { Filters } from './filters.js';
import type { TemporalGateway } from './temporal-port.js';

/** What the HTTP surface says about an action; every ActionDefinition fits. */
export interface ActionCard {
  id: string;
  summary: string;
  tier: number;
  targets: readonly string[];
  params: TObject;
  permissions: readonly Permission[];
  undo: 'exact' | 'partial' | { irreversible: string };
  timeoutS?: number;
  example: unknown;
}

/** All the gateway stands on; composed by hand (gateway/server.ts, the CLI's `up`). */
export interface GatewayDeps {
  config: Config;
  /** Name of our own cluster: signals that do not name one are about it. */
  cluster: string;
  store: Store;
  temporal: TemporalGateway;
  /** The top owner of what the hints name, from the watch cache; undefined when nothing matches. */
  resolveTarget(hints: readonly TargetHint[], cluster: string): Target | undefined;
  /** The watch cache of our own cluster, for `sources.kubernetes.watch`. */
  world?(): World;
  /** Cluster name → are its watches in sync and does its API answer. */
  clusterHealth(): Readonly<Record<string, boolean>>;
  /** What every remediation is started with. */
  remediate: Pick<RemediateInput, 'horizons' | 'isCoLocated' | 'hasModel' | 'channels' | 'links' | 'investigation'>;
  actions: { readonly members: readonly ActionCard[] };
  logger: Logger;
  metrics: Metrics;
  version: string;
  /** What is wrong with the files that are re-read (PolicyWatch.issue, Filters.issues). */
  policyIssues(): readonly string[];
  /** The rules in force, where they are re-read; default: those of the configuration. */
  policy?: () => Policy;
  /** The storm on our own cluster as of a moment ago; default: none. */
  storm?: () => Storm | undefined;
  /** What requests point to on the network; default: read over HTTPS from public addresses alone. */
  documents?: Documents;
  /** The public keys at `gateway.jwt.jwksUrl`; default: read over HTTPS. */
  readKeys?: (url: string) => Promise<string>;
  /** Default: the shipped rules. */
  filters?: Filters;
  /** RFC 3339; default: the clock. */
  now?: () => string;
}
